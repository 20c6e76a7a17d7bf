// Conditions, formulas and the course of a form: the same as forms/logic.py, forms/formulas.py and
// forms/course.py, and tested with the same table. The server decides everything anew.
(() => {
  "use strict";

  const isRow = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
  const nothing = (value) => value === undefined || value === null || value === "";

  // Keys come from forms, so they may look like properties that every object has.
  const bare = (object) => Object.assign(Object.create(null), object);
  const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);

  const comparable = (answer) =>
    isRow(answer) && Object.hasOwn(answer, "slug") ? answer.slug : answer;

  const rowsOf = (answer) => (Array.isArray(answer) ? answer : []).filter(isRow);

  const DAY = /^(?!0000)(\d{4})-(\d{2})-(\d{2})$/; // there was no year 0

  // Whole years on a day, both as 2026-11-22.
  const age = (born, day) => {
    const birth = typeof born === "string" ? DAY.exec(born) : null;
    const now = DAY.exec(day);
    if (!birth || new Date(`${born}T00:00:00Z`).toJSON()?.slice(0, 10) !== born) return null;
    const years = now[1] - birth[1] - (now[2] + now[3] < birth[2] + birth[3] ? 1 : 0);
    return years >= 0 ? years : null;
  };

  const same = (value, wanted) => typeof value === typeof wanted && value === wanted;

  const less = (value, wanted) => {
    if (isNumber(value) && isNumber(wanted)) return value < wanted;
    if (typeof value === "string" && typeof wanted === "string") return value < wanted;
    return null;
  };

  const TESTS = {
    eq: same,
    ne: (value, wanted) => !same(value, wanted),
    in: (value, wanted) => wanted.some((each) => same(value, each)),
    contains: (value, wanted) => Array.isArray(value) && value.includes(wanted),
    lacks: (value, wanted) => Array.isArray(value) && !value.includes(wanted),
    lt: (value, wanted) => less(value, wanted) === true,
    ge: (value, wanted) => less(value, wanted) === false,
    gt: (value, wanted) => less(wanted, value) === true,
    le: (value, wanted) => less(wanted, value) === false,
  };

  const partOf = (part, answer, day) => {
    if (part === "age") return age(answer, day);
    if (part === "count") return Array.isArray(answer) ? answer.length : 0;
    return comparable(answer);
  };

  const compares = (condition, answer, day) => {
    const part = condition.part || "answer";
    const value = partOf(part, answer, day);
    const missing = nothing(value) || (part === "answer" && Array.isArray(value) && !value.length);
    if (condition.op === "filled") return !missing;
    if (condition.op === "empty") return missing;
    if (missing) return condition.op === "ne" || condition.op === "lacks";
    if (condition.op === "within") {
      const around = (isRow(answer) && answer.around) || [];
      return value === condition.value || around.includes(condition.value);
    }
    return TESTS[condition.op](value, condition.value);
  };

  const holds = (condition, known, day) => {
    const { op, of } = condition;
    if (op === "all") return of.every((each) => holds(each, known, day));
    if (op === "any") return of.some((each) => holds(each, known, day));
    if (op === "not") return !holds(of, known, day);
    if (!(condition.field in known)) return false;
    const answer = known[condition.field];
    if (op === "some" || op === "every") {
      const rows = rowsOf(answer);
      const verdict = (row) => holds(of, Object.assign(Object.create(known), row), day);
      return op === "some" ? rows.some(verdict) : rows.length > 0 && rows.every(verdict);
    }
    return compares(condition, answer, day);
  };

  const GREATEST = 1e13;

  const numberOf = (answer, part, day) => {
    if (part === "age") return age(answer, day);
    if (part === "count") return Array.isArray(answer) ? answer.length : null;
    return isNumber(answer) ? answer : null;
  };

  const valuesOf = (operand, known, day) => {
    if ("number" in operand) return [operand.number];
    const answer = known[operand.field];
    const part = operand.part || "answer";
    if (!("each" in operand)) return [numberOf(answer, part, day)];
    return rowsOf(answer)
      .map((row) => numberOf(own(row, operand.each), part, day))
      .filter((value) => value !== null);
  };

  const STEPS = {
    sum: (total, value) => total + value,
    difference: (total, value) => total - value,
    product: (total, value) => total * value,
    quotient: (total, value) => (value === 0 ? NaN : total / value),
    minimum: Math.min,
    maximum: Math.max,
  };

  const calculate = (formula, known, day) => {
    const values = formula.of.flatMap((operand) => valuesOf(operand, known, day));
    if (!values.length || values.includes(null)) return null;
    const value = values.reduce((total, each) => STEPS[formula.op](total, each));
    if (!Number.isFinite(value) || Math.abs(value) > GREATEST) return null;
    return Math.floor(value * 100 + 0.5) / 100 + 0;
  };

  const isShown = (node, known, day) => !node.show_if || holds(node.show_if, known, day);

  const walk = (nodes, given, known, kept, prefix, found, day) => {
    for (const node of nodes) {
      if (!isShown(node, known, day)) continue;
      const path = prefix + node.key;
      const put = (value) => {
        kept[node.key] = value;
        known[node.key] = value;
      };
      if (node.type === "group") {
        found.asked.add(path);
        walk(node.fields, given, known, kept, prefix, found, day);
      } else if (node.type === "repeat") {
        found.asked.add(path);
        if (node.required || node.minimum) found.needed.add(path);
        const rows = rowsOf(own(given, node.key));
        put(
          rows.slice(0, node.maximum).map((row, number) => {
            const keptRow = Object.create(null);
            walk(node.fields, row, Object.create(known), keptRow, `${path}.${number}.`, found, day);
            return keptRow;
          }),
        );
      } else if (node.type === "calc") {
        found.asked.add(path);
        put(calculate(node.formula, known, day));
      } else if (node.type === "info") {
        found.asked.add(path);
      } else {
        const rule = (node.set || []).find((each) => holds(each.if, known, day));
        if (rule) {
          put(rule.value);
          continue;
        }
        found.asked.add(path);
        if (node.required || (node.require_if && holds(node.require_if, known, day))) {
          found.needed.add(path);
        }
        put(own(given, node.key) ?? null);
      }
    }
  };

  const isEmpty = (value) => nothing(value) || (Array.isArray(value) && !value.length);

  const withoutGaps = (known) =>
    Object.fromEntries(
      Object.entries(known)
        .filter(([, value]) => !isEmpty(value))
        .map(([key, value]) => [
          key,
          Array.isArray(value) && isRow(value[0]) ? value.map(withoutGaps) : value,
        ]),
    );

  // What is asked for these answers; see forms/course.py. `before` holds answers of earlier pages
  // that something here looks at.
  const course = (schema, given, day, before = {}) => {
    const found = { steps: [], asked: new Set(), needed: new Set(), answers: {} };
    const kept = Object.create(null);
    const known = bare(before);
    for (const step of schema.steps) {
      if (!isShown(step, known, day)) continue;
      found.steps.push(step.id);
      walk(step.fields, given, known, kept, "", found, day);
    }
    found.answers = withoutGaps(kept);
    return found;
  };

  window.formLogic = {
    holds: (condition, known, day) => holds(condition, bare(known), day),
    calculate: (formula, known, day) => calculate(formula, bare(known), day),
    course,
  };
})();
