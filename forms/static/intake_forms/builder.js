// The builder of forms: makes keys of new questions and answers once, and turns the parts of
// «ask only if» into menus of earlier questions and of their answers. The server checks all of it.
(() => {
  "use strict";

  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(4));
    return "q" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const inside = (node, selector) => node.closest(selector);

  // A question's own key is not that of one of its answers.
  const keyOf = (block) =>
    [...block.querySelectorAll('[data-contentpath="key"] [data-made-key]')][0];

  const labelOf = (block) =>
    block.querySelector('[data-contentpath="label"] input, [data-contentpath="label"] textarea');

  const questionBlocks = () =>
    [...document.querySelectorAll(".form-question")].filter((block) => keyOf(block));

  const optionsOf = (block) =>
    [...block.querySelectorAll(".form-option")].map((option) => ({
      value: option.querySelector("[data-made-key]").value,
      label: option.querySelector('[data-contentpath="label"] input').value,
    }));

  const isYesNo = (block) =>
    inside(block, "[data-streamfield-child]")
      ?.querySelector('input[type="hidden"][name$="-type"]')
      ?.value.match(/^(yesno|consent)$/);

  const fill = (select, options, chosen) => {
    select.replaceChildren(
      ...options.map(({ value, label }) => {
        const option = new Option(label, value, false, chosen.includes(value));
        return option;
      }),
    );
  };

  const write = (input, value) => {
    if (input.value === value) return;
    input.value = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const drawQuestions = (input, select) => {
    const own = inside(input, ".form-question");
    const blocks = questionBlocks();
    const earlier = blocks
      .slice(0, blocks.indexOf(own))
      .map((block) => ({ value: keyOf(block).value, label: labelOf(block)?.value || "…" }));
    fill(select, [{ value: "", label: "–" }, ...earlier], [input.value]);
  };

  const drawAnswers = (input, select) => {
    const condition = inside(input, ".form-condition");
    const chosen = condition.querySelector("[data-question-menu]").value;
    const operator = condition.querySelector('[data-contentpath="op"] select').value;
    const asked = questionBlocks().find((block) => keyOf(block).value === chosen);
    let options = asked ? optionsOf(asked) : [];
    if (asked && isYesNo(asked)) {
      options = [
        { value: "yes", label: "да" },
        { value: "no", label: "нет" },
      ];
    }
    const values = input.value.split(",").map((value) => value.trim());
    select.hidden = options.length === 0;
    input.hidden = options.length > 0;
    select.multiple = operator === "in";
    fill(select, select.multiple ? options : [{ value: "", label: "–" }, ...options], values);
  };

  const enhance = (input, draw) => {
    if (input.dataset.drawn) return;
    input.dataset.drawn = "yes";
    const select = document.createElement("select");
    select.setAttribute("aria-label", input.labels?.[0]?.textContent.trim() || "");
    input.after(select);
    input.hidden = true;
    const redraw = () => draw(input, select);
    select.addEventListener("focus", redraw);
    select.addEventListener("change", () => {
      const values = [...select.selectedOptions].map((option) => option.value);
      write(input, values.join(", "));
    });
    input.redraw = redraw;
    redraw();
  };

  const tend = () => {
    for (const input of document.querySelectorAll("[data-made-key]")) {
      if (!input.value) input.value = newKey();
    }
    for (const input of document.querySelectorAll("[data-question-menu]")) {
      enhance(input, drawQuestions);
    }
    for (const input of document.querySelectorAll("[data-answer-menu]")) {
      enhance(input, drawAnswers);
    }
  };

  document.addEventListener("change", (event) => {
    const condition = event.target.closest?.(".form-condition");
    condition?.querySelector("[data-answer-menu]")?.redraw?.();
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
})();
