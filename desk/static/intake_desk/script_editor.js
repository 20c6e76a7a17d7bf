// The key of a question of the form is chosen by its words; what was kept stays, known or not.
(() => {
  "use strict";

  const questions = () => {
    const told = document.getElementById("form-questions");
    return told ? JSON.parse(told.textContent) : [];
  };

  const enhance = (input) => {
    input.dataset.drawn = "yes";
    const label = input.closest("[data-contentpath]")?.querySelector("label");
    const known = questions();
    const options = [["", `– ${input.dataset.none} –`], ...known];
    if (input.value && !known.some(([key]) => key === input.value)) {
      options.push([input.value, `${input.value} – ${input.dataset.gone}`]);
    }
    const select = document.createElement("select");
    select.setAttribute("aria-label", label?.textContent.trim() || "");
    select.append(
      ...options.map(([key, words]) => new Option(words, key, false, key === input.value)),
    );
    select.addEventListener("change", () => {
      input.value = select.value;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    input.after(select);
    input.hidden = true;
  };

  const tend = () => {
    document.querySelectorAll("[data-form-question]:not([data-drawn])").forEach(enhance);
  };

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
