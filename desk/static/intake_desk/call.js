// The talk: how long it lasts, answers that flow between the script and the form, forks. Only a
// comfort: without it the server lets the answers flow, and a fork is a link.
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
  const draw = () => {
    for (const step of steps) step.classList.remove("is-skipped");
    for (let place = 0; place < steps.length; place += 1) {
      const chosen = steps[place].querySelector(".call__fork input:checked");
      const goal = placeOf(chosen?.closest("[data-goto]").dataset.goto);
      for (; goal > place + 1; place += 1) steps[place + 1].classList.add("is-skipped");
    }
  };
  call.addEventListener("change", (event) => {
    const label = event.target.closest("[data-goto]");
    if (!label) return;
    draw();
    const goal = document.getElementById(label.dataset.goto);
    goal?.scrollIntoView({ block: "start", behavior: "smooth" });
  });
  draw();
})();
