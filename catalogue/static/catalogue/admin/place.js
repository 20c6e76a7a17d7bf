// Names of places under a field while one types: the browser's own list, filled by what was found.
(() => {
  "use strict";

  const PAUSE = 200; // of typing, ms

  const enhance = (input) => {
    const list = document.createElement("datalist");
    list.id = `${input.id}-places`;
    input.after(list);
    input.setAttribute("list", list.id);
    let timer;
    let asked = "";

    const ask = async () => {
      const typed = input.value.trim();
      if (typed.length < 2 || typed === asked) return;
      asked = typed;
      try {
        const answer = await fetch(`${input.dataset.places}?${new URLSearchParams({ q: typed })}`);
        if (!answer.ok || typed !== asked) return;
        const { places } = await answer.json();
        list.replaceChildren(...places.map((name) => new Option(name, name)));
      } catch {
        // No network: a name that is typed in full works all the same.
      }
    };

    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    });
  };

  // It is read in the head of the page, before there are fields.
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-places]").forEach(enhance);
  });
})();
