// Keeps what is typed while it is typed, tells of open cases of the same people, and lets nothing go
// when the session is over or the line is down. Only a comfort: the buttons keep everything without it.
(() => {
  "use strict";

  const PAUSE = 1500;
  const AGAIN = 5000;
  const form = document.querySelector("[data-register]");
  if (!form) return;
  const kept = form.querySelector("[data-kept]");
  const lost = document.querySelector("[data-lost]");
  const alike = document.querySelector("[data-similar]");

  document.querySelector(".error-summary")?.focus();

  // A new login makes a new token; the cookie has it, the page does not.
  const renewToken = () => {
    const held = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
    if (held) form.elements.csrfmiddlewaretoken.value = held[1];
  };

  const typed = () => {
    renewToken();
    const body = new FormData(form);
    for (const input of form.querySelectorAll("input[type=file]")) body.delete(input.name);
    body.set("do", "keep");
    return body;
  };

  // Says whether the portal has it: yes, no since nobody is logged in, no since it cannot be reached.
  const keep = async () => {
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: typed(),
        headers: { Accept: "application/json" },
        redirect: "manual",
        keepalive: document.visibilityState === "hidden", // it goes though the page is closed
      });
      if (answer.type === "opaqueredirect" || answer.status === 403) return "lost";
      if (answer.status >= 500) return "away";
      if (answer.headers.get("Content-Type")?.includes("json")) {
        const told = await answer.json();
        kept.textContent = answer.ok ? `${kept.dataset.said} ${told.kept}` : told.told;
        if (answer.ok && alike.innerHTML.trim() !== told.similar.trim()) {
          alike.innerHTML = told.similar;
        }
      }
      return "kept";
    } catch {
      return "away";
    }
  };

  let timer = 0;
  let line = Promise.resolve();
  let changes = 0; // since the page came
  let sure = 0; // of them the portal has these
  const keepNow = () => {
    clearTimeout(timer);
    line = line.then(async () => {
      const now = changes;
      const state = await keep();
      lost.hidden = state !== "lost";
      if (state === "kept") sure = now;
      if (state !== "away") return;
      kept.textContent = kept.dataset.waiting;
      clearTimeout(timer);
      timer = setTimeout(keepNow, AGAIN);
    });
  };
  const keepRest = () => {
    if (sure < changes) keepNow();
  };
  const later = () => {
    changes += 1;
    clearTimeout(timer);
    timer = setTimeout(keepNow, PAUSE);
  };
  window.addEventListener("online", keepRest);
  document.addEventListener("visibilitychange", keepRest);
  form.addEventListener("input", (event) => {
    if (event.isTrusted && event.target.type !== "file") later();
  });

  let goes = false;
  let waits = false;
  form.addEventListener("submit", async (event) => {
    if (goes) return;
    event.preventDefault();
    if (waits) return;
    if (event.submitter?.getAttribute("aria-hidden") === "true") {
      keepNow(); // Enter in a line: the talk goes on where it is
      return;
    }
    waits = true;
    clearTimeout(timer);
    await line;
    const state = await keep();
    waits = false;
    lost.hidden = state !== "lost";
    if (state !== "kept") {
      if (state === "lost") lost.scrollIntoView();
      else kept.textContent = kept.dataset.away;
      return;
    }
    goes = true;
    form.requestSubmit(event.submitter);
  });
})();
