// Has the work done that a page is sent with (forms/protection.py), in a thread of its own, while
// the page is filled in. Sending waits for its end; when it cannot be done, it is sent without.
(() => {
  "use strict";

  const PATIENCE = 90_000; // milliseconds after which it is sent as it is

  const held = document.querySelector("[data-work]");
  if (!held || !window.Worker) return;
  const form = held.form;
  const said = form.querySelector("[data-working]");
  const bits = Number(held.dataset.bits);
  if (!bits) return;

  let done = false;
  let waiting = null; // what sends the form again: the button that was pressed, or true

  for (const one of document.querySelectorAll("[data-without-work]")) one.hidden = true;
  for (const one of document.querySelectorAll("[data-with-work]")) one.hidden = false;

  const finish = (number) => {
    if (done) return;
    done = true;
    worker.terminate();
    held.value = number;
    said.textContent = "";
    if (waiting) form.requestSubmit(waiting === true ? undefined : waiting);
  };

  const worker = new Worker(held.dataset.worker);
  worker.onmessage = ({ data }) => finish(data);
  worker.onerror = () => finish("");
  worker.postMessage({ seed: held.dataset.seed, bits });

  form.addEventListener(
    "submit",
    (event) => {
      if (done || event.submitter?.name === "do") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!waiting) setTimeout(() => finish(""), PATIENCE);
      waiting = event.submitter || true;
      said.textContent = said.dataset.working;
    },
    { capture: true },
  );
})();
