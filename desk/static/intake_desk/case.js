// The page of a case: who else has it open, templates put in place. All of it works without, by the server.
"use strict";

(() => {
  const line = document.querySelector("[data-others]");
  let written = 0;

  document.addEventListener("input", (event) => {
    if (event.target.matches("textarea")) written = Date.now();
  });

  if (line) {
    const beat = Number(line.dataset.beat) * 1000;
    const sign = async () => {
      const body = new FormData();
      body.set("csrfmiddlewaretoken", line.dataset.token);
      body.set("writing", Date.now() - written < 2 * beat ? "1" : "0");
      try {
        const answer = await fetch(line.dataset.others, { method: "POST", body });
        if (!answer.ok) return window.clearInterval(timer); // the case is not open to us any more
        const told = await answer.text();
        if (told.trim() !== line.innerHTML.trim()) line.innerHTML = told;
      } catch {
        // The line is down: the next beat tries again.
      }
      return undefined;
    };
    const timer = window.setInterval(() => document.hidden || sign(), beat);
  }

  document.querySelectorAll("[data-template]").forEach((button) => {
    button.addEventListener("click", (event) => {
      const form = button.form;
      const chosen = form.elements.template.selectedOptions[0];
      const text = form.elements.text;
      if (!chosen || !text) return;
      event.preventDefault();
      if (!chosen.dataset.text) return;
      text.setRangeText(chosen.dataset.text, text.selectionStart, text.selectionEnd, "end");
      text.focus();
      text.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });
})();
