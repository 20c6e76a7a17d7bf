// The talk: how long it lasts, answers that flow between the script and the form, forks, by pointer
// and by keys. Only a comfort: without it the server lets the answers flow, and a fork is a link.
(() => {
  "use strict";

  const call = document.querySelector("[data-call]");
  const form = call?.closest("form");
  if (!form) return;

  const timer = call.querySelector("[data-timer]");
  const begun = Date.parse(call.dataset.started);
  const tick = () => {
    const seconds = Math.max(0, Math.floor((Date.now() - begun) / 1000));
    const two = (number) => String(number).padStart(2, "0");
    timer.textContent = `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
  };
  if (timer && !Number.isNaN(begun)) {
    tick();
    setInterval(tick, 1000);
  }

  const OTHER = { "s-": "a-", "a-": "s-" };
  form.addEventListener("input", (event) => {
    const from = event.target;
    const other = OTHER[from.name?.slice(0, 2)];
    if (!other) return;
    const name = other + from.name.slice(2);
    const same = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    const to = ["radio", "checkbox"].includes(from.type)
      ? same.find((one) => one.value === from.value)
      : same[0];
    if (!to) return;
    if ("checked" in to && ["radio", "checkbox"].includes(to.type)) to.checked = from.checked;
    else to.value = from.value;
    to.dispatchEvent(new Event("change", { bubbles: true }));
  });

  const steps = [...call.querySelectorAll("[data-step-kind]")];
  const placeOf = (id) => steps.findIndex((step) => step.id === id);
  // A step of another answer goes away; what was ticked or written on it stays, with the step.
  const isUsed = (step) =>
    [...step.querySelectorAll("input, textarea, select")].some((input) =>
      ["radio", "checkbox"].includes(input.type)
        ? input.checked && !input.closest(".call__fork")
        : input.value,
    );
  const today = new Date().toISOString().slice(0, 10);
  const draw = () => {
    const known = {};
    let goal = 0;
    steps.forEach((step, place) => {
      const condition = step.dataset.showIf;
      const isOnPath = !condition || formLogic.holds(JSON.parse(condition), known, today);
      step.hidden = !isOnPath && !isUsed(step);
      step.classList.toggle("is-skipped", place < goal);
      const chosen = step.querySelector(".call__fork input:checked");
      if (place < goal || !isOnPath || !chosen) return;
      known[step.id.slice("step-".length)] = chosen.value;
      goal = Math.max(goal, placeOf(chosen.closest("[data-goto]").dataset.goto));
    });
  };
  // Arrows walk through the answers of a fork: the page stays until Enter leads on.
  let byKeys = false;
  call.addEventListener("pointerdown", () => (byKeys = false), true);
  call.addEventListener("keydown", () => (byKeys = true), true);
  call.addEventListener("change", (event) => {
    const label = event.target.closest("[data-goto]");
    if (!label) return;
    draw();
    const goal = document.getElementById(label.dataset.goto);
    if (!byKeys) goal?.scrollIntoView({ block: "start", behavior: "smooth" });
  });
  call.addEventListener("keydown", (event) => {
    const fork = event.target.closest(".call__fork");
    if (event.key !== "Enter" || !fork || event.target.type !== "radio") return;
    event.preventDefault();
    if (!event.target.checked) event.target.click();
    const place = steps.indexOf(fork.closest("[data-step-kind]"));
    const next = steps
      .slice(place + 1)
      .find((step) => !step.hidden && !step.classList.contains("is-skipped"));
    if (!next) return;
    next.tabIndex = -1;
    next.focus();
  });
  draw();
})();
