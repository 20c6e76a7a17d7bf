// The builder of forms: makes keys of new questions and answers once, and turns the parts of
// conditions, of known answers and of calculations into menus of earlier questions and of their
// answers. The server checks all of it.
(() => {
  "use strict";

  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(4));
    return "q" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const child = (block, name) => block.querySelector(`[data-contentpath="${name}"]`);

  // A question's own parts come before those of what it holds: answers, conditions, questions.
  const ownKey = (block) =>
    [...block.querySelectorAll('[data-contentpath="key"] [data-made-key]')].find(
      (input) => input.closest(".form-question") === block,
    );
  const labelOf = (block) => child(block, "label")?.querySelector("input, textarea")?.value || "…";

  const kindOf = (block) =>
    block
      .closest("[data-streamfield-child]")
      ?.querySelector(':scope > input[type="hidden"][name$="-type"]')?.value;

  // Blocks that were taken out stay in the page until it is saved.
  const isTakenOut = (block) => block.closest('[data-streamfield-child][aria-hidden="true"]');

  let known = null; // the questions of the page, until it changes
  const questionBlocks = () => {
    known ??= [...document.querySelectorAll(".form-question")].filter(
      (block) => ownKey(block) && !isTakenOut(block),
    );
    return known;
  };

  const groupAround = (block) => {
    const outer = block.parentElement?.closest(".form-question");
    return outer && kindOf(outer) === "repeat" ? outer : null;
  };

  const optionsOf = (block) =>
    [...block.querySelectorAll(".form-option")].map((option) => ({
      value: option.querySelector("[data-made-key]").value,
      label: option.querySelector('[data-contentpath="label"] input').value,
    }));

  const YES_NO = [
    { value: "yes", label: "да" },
    { value: "no", label: "нет" },
  ];

  const answersOf = (block) =>
    /^(yesno|consent)$/.test(kindOf(block)) ? YES_NO : optionsOf(block);

  const fill = (select, options, chosen) => {
    select.replaceChildren(
      ...options.map(({ value, label }) => new Option(label, value, false, chosen.includes(value))),
    );
  };

  const write = (input, value) => {
    if (input.value === value) return;
    input.value = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // Questions that stand before a node of the page; what is asked within a group names it.
  const before = (node) =>
    questionBlocks()
      .filter(
        (block) =>
          block !== node.closest(".form-question") &&
          block.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING &&
          !/^(info|group)$/.test(kindOf(block)),
      )
      .map((block) => {
        const group = groupAround(block);
        const label = group ? `${labelOf(group)} → ${labelOf(block)}` : labelOf(block);
        return { value: ownKey(block).value, label };
      });

  const chosenQuestion = (holder) => {
    const key = holder?.querySelector("[data-question-menu]")?.value;
    return questionBlocks().find((block) => ownKey(block).value === key);
  };

  const drawQuestions = (input, select) => {
    fill(select, [{ value: "", label: "–" }, ...before(input)], [input.value]);
  };

  const drawMenu = (input, select, options, many) => {
    const values = input.value.split(",").map((value) => value.trim());
    select.hidden = options.length === 0;
    input.hidden = options.length > 0;
    select.multiple = many;
    fill(select, many ? options : [{ value: "", label: "–" }, ...options], values);
  };

  const operatorOf = (condition) => child(condition, "op").querySelector("select");
  const partOf = (holder) => child(holder, "part").querySelector("select");

  const drawAnswers = (input, select) => {
    const condition = input.closest(".form-condition");
    const asked = chosenQuestion(condition);
    const whole = partOf(condition).value === "answer";
    const options = asked && whole ? answersOf(asked) : [];
    drawMenu(input, select, options, operatorOf(condition).value === "in");
    const operator = operatorOf(condition).value;
    child(condition, "value").hidden = /^(filled|empty)$/.test(operator);
  };

  const drawOwnAnswers = (input, select) => {
    const own = input.closest(".form-question");
    drawMenu(input, select, answersOf(own), kindOf(own) === "multichoice");
  };

  // Which operators and parts suit a question: told by the server with each menu.
  const suit = (holder) => {
    const menu = holder.querySelector("[data-question-menu]");
    const asked = chosenQuestion(holder);
    const suitable = JSON.parse(menu.dataset.suitable || "{}")[asked && kindOf(asked)] || {};
    const part = partOf(holder);
    const only = (select, allowed) => {
      for (const option of select.options) {
        option.hidden = option.disabled = asked ? !allowed.includes(option.value) : false;
      }
      if (asked && !allowed.includes(select.value) && allowed.length) {
        select.value = allowed[0];
        select.dispatchEvent(new Event("change", { bubbles: true }));
      }
    };
    const parts = Object.keys(suitable);
    only(part, parts);
    child(holder, "part").hidden = parts.length < 2;
    if (!holder.matches(".form-condition")) return;
    only(operatorOf(holder), suitable[part.value] || []);
    const group = asked && groupAround(asked);
    const own = holder.closest(".form-question");
    child(holder, "rows").hidden = !group || (own && groupAround(own) === group);
  };

  const enhance = (input, draw) => {
    if (input.dataset.drawn) return;
    input.dataset.drawn = "yes";
    const label = input.closest("[data-contentpath]")?.querySelector("label");
    const select = document.createElement("select");
    select.setAttribute("aria-label", label?.textContent.trim() || "");
    input.after(select);
    input.hidden = true;
    const redraw = () => draw(input, select);
    select.addEventListener("focus", redraw);
    select.addEventListener("change", () => {
      write(input, [...select.selectedOptions].map((option) => option.value).join(", "));
    });
    input.redraw = redraw;
    redraw();
  };

  const MENUS = [
    ["[data-question-menu]", drawQuestions],
    ["[data-answer-menu]", drawAnswers],
    ["[data-own-answer-menu]", drawOwnAnswers],
  ];

  // A copied answer stands below the one that it was copied from.
  const separateAnswers = (list) => {
    const seen = new Set();
    for (const input of list.querySelectorAll(".form-option [data-made-key]")) {
      if (seen.has(input.value)) input.value = newKey();
      seen.add(input.value);
    }
  };

  const tend = () => {
    known = null;
    for (const input of document.querySelectorAll("[data-made-key]")) {
      if (!input.value) input.value = newKey();
    }
    document.querySelectorAll('[data-contentpath="options"]').forEach(separateAnswers);
    for (const [menu, draw] of MENUS) {
      for (const input of document.querySelectorAll(menu)) enhance(input, draw);
    }
    for (const holder of document.querySelectorAll(".form-condition, .form-operand")) suit(holder);
  };

  document.addEventListener("change", (event) => {
    const holder = event.target.closest?.(".form-condition, .form-operand");
    if (!holder) return;
    suit(holder);
    holder.querySelector("[data-answer-menu]")?.redraw?.();
  });

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      tend();
    });
  }).observe(document.documentElement, { childList: true, subtree: true });

  // Hundreds of questions have thousands of inputs, more than a request may hold: then those of a
  // stream go as one field, by the parts of their names. The server unpacks it.
  const MANY = 8000;
  const STREAMS = ["steps", "questions"];

  document.addEventListener("formdata", ({ formData }) => {
    const entries = [...formData];
    if (entries.length < MANY) return;
    const packed = {};
    for (const [name, value] of entries) {
      const [stream, ...path] = name.split("-");
      if (!STREAMS.includes(stream) || !path.length) continue;
      formData.delete(name);
      const last = path.pop();
      let part = (packed[stream] ??= {});
      for (const each of path) part = part[each] ??= {};
      part[last] = value;
    }
    for (const [stream, inputs] of Object.entries(packed)) {
      formData.append(`${stream}-packed`, JSON.stringify(inputs));
    }
  });

  // The rules in words, beside: told anew by the server while they are looked at.
  const RULES_WAIT = 700; // milliseconds after the last change
  let rulesTimer = 0;

  const tellRules = async () => {
    const place = document.querySelector("[data-form-rules]");
    if (!place || place.offsetParent === null) return;
    const form = document.querySelector("form[data-edit-form]");
    const answer = await fetch(place.dataset.formRules, {
      method: "POST",
      body: new FormData(form),
    });
    if (answer.ok) place.innerHTML = await answer.text();
  };

  const tellRulesSoon = () => {
    clearTimeout(rulesTimer);
    rulesTimer = setTimeout(tellRules, RULES_WAIT);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("form[data-edit-form]");
    if (form) form.enctype = "multipart/form-data"; // Russian letters are a third as long
    document.querySelector('[data-side-panel="rules"]')?.addEventListener("show", tellRulesSoon);
    for (const change of ["input", "change", "click"]) {
      form?.addEventListener(change, tellRulesSoon);
    }
  });
})();
