// Shows what is asked for the answers so far and tells what is calculated. Only a comfort: without
// it every question is shown with its condition in words, and the server decides anyway.
(() => {
  "use strict";

  document.querySelector(".error-summary")?.focus();

  const form = document.querySelector("[data-intake-form]");
  const held = document.getElementById("form-schema");
  if (!form || !held || !window.formLogic) return;
  const { schema, before, around, today } = JSON.parse(held.textContent);
  form.classList.add("is-scripted");

  const controls = (path, part = "") =>
    [...form.querySelectorAll(`[name="${CSS.escape(`a-${path}${part}`)}"]`)];

  const typed = (path, part) => controls(path, part)[0]?.value.trim() || null;

  const place = (slug) => slug && { slug, around: around[slug] || [slug] };

  const decimal = (text) => {
    const plain = text?.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
    return plain && Number.isFinite(Number(plain)) ? Number(plain) : null;
  };

  const day = (text) => {
    const written = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text || "");
    if (!written) return text;
    const [, date, month, year] = written;
    return `${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}`;
  };

  // How the answer to each kind of question is read from the page.
  const READERS = {
    choice: (path) => controls(path).find((one) => one.checked)?.value ?? null,
    yesno: (path) => {
      const value = READERS.choice(path);
      return value === null ? null : value === "yes";
    },
    multichoice: (path) =>
      controls(path)
        .filter((one) => one.checked)
        .map((one) => one.value),
    consent: (path) => controls(path)[0]?.checked ?? null, // not ticked is a no, as for the server
    number: (path) => decimal(typed(path)),
    money: (path) => decimal(typed(path)),
    date: (path) => day(typed(path)),
    birth_date: (path) => day(typed(path)),
    territory: (path) => place(typed(path)),
    address: (path) => place(typed(path, "_place")),
    measure: (path) => typed(path) && { slug: typed(path) },
    provider: (path) => typed(path) && { slug: typed(path) },
    name: (path) =>
      ["_family", "_given", "_patronymic"].some((part) => typed(path, part)) ? { given: "" } : null,
    contact: (path) => (controls(path, "_ways").some((one) => one.checked) ? {} : null),
    file: (path) => [...form.querySelectorAll(`[data-file-of="${CSS.escape(path)}"]`)].map(() => ""),
  };

  const read = (nodes, prefix) => {
    const answers = {};
    for (const node of nodes) {
      const path = prefix + node.key;
      if (node.type === "group") Object.assign(answers, read(node.fields, prefix));
      else if (node.type === "repeat") {
        const count = Number(typed(path, ".rows")) || 0;
        answers[node.key] = Array.from({ length: count }, (_none, number) =>
          read(node.fields, `${path}.${number}.`),
        );
      } else if (node.type !== "info" && node.type !== "calc") {
        answers[node.key] = (READERS[node.type] || typed)(path);
      }
    }
    return answers;
  };

  const valueAt = (answers, path) =>
    path.split(".").reduce((value, step) => value?.[step], answers);

  const draw = () => {
    const given = Object.assign({}, ...schema.steps.map((step) => read(step.fields, "")));
    const found = window.formLogic.course(schema, given, today, before);
    for (const step of form.querySelectorAll("[data-step]")) {
      step.hidden = !found.steps.includes(step.dataset.step);
    }
    for (const block of form.querySelectorAll("[data-path]")) {
      block.hidden = !found.asked.has(block.dataset.path);
    }
    for (const output of form.querySelectorAll("[data-value]")) {
      const value = valueAt(found.answers, output.dataset.value);
      output.textContent =
        value === undefined
          ? "–"
          : `${value.toLocaleString("ru")} ${output.dataset.unit}`.trim();
    }
  };

  form.addEventListener("input", draw);
  form.addEventListener("change", draw);
  draw();
})();
