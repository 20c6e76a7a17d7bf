// Shows a question when its condition holds. Only a comfort: without it every question is shown
// with its condition in words, and the server decides anyway.
(() => {
  "use strict";

  document.querySelector(".error-summary")?.focus();

  const form = document.querySelector("[data-intake-form]");
  if (!form) return;

  const questions = [...form.querySelectorAll("[data-show-if]")].map((block) => ({
    block,
    condition: JSON.parse(block.dataset.showIf),
  }));
  if (!questions.length) return;
  form.classList.add("is-scripted");

  const controls = (key) => [...form.querySelectorAll(`[name="${CSS.escape(`a-${key}`)}"]`)];

  // The answer as the server compares it; nothing for a question that is itself hidden.
  const answer = (key) => {
    const all = controls(key);
    if (!all.length || all[0].closest("[data-show-if][hidden]")) return { hidden: true };
    const [first] = all;
    if (first.type === "radio") {
      const value = all.find((one) => one.checked)?.value;
      const isYesNo = all.length === 2 && all[0].value === "yes" && all[1].value === "no";
      return { value: isYesNo && value ? value === "yes" : value };
    }
    if (first.type === "checkbox" && first.value === "on") return { value: first.checked || undefined };
    if (first.type === "checkbox") {
      return { value: all.filter((one) => one.checked).map((one) => one.value) };
    }
    return { value: first.value.trim() || undefined };
  };

  const same = (left, right) =>
    typeof right === "number" ? Number(left) === right : left === right;

  const holds = ({ field, op, value: wanted }) => {
    const { hidden, value } = answer(field);
    if (hidden) return false;
    if (op === "eq") return same(value, wanted);
    if (op === "ne") return !same(value, wanted);
    if (op === "in") return wanted.some((one) => same(value, one));
    return Array.isArray(value) && value.includes(wanted);
  };

  const draw = () => {
    for (const { block, condition } of questions) block.hidden = !holds(condition);
  };

  form.addEventListener("input", draw);
  form.addEventListener("change", draw);
  draw();
})();
