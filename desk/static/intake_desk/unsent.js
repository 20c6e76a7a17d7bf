// What is typed on a case is kept on the server while it is typed: for this person, until it is sent.
// Nothing of it lies in the browser: others use this computer, too.
"use strict";

(() => {
  const words = document.querySelector("[data-keep]")?.dataset;
  if (!words) return;
  const PAUSE = 1000;
  const LONGEST = 5000;
  const forms = [...document.querySelectorAll("form[data-unsent]")];

  const line = (form) => {
    let said = form.querySelector("[data-unsent-said]");
    if (!said) {
      said = document.createElement("p");
      said.className = "quiet unsent__said";
      said.setAttribute("role", "status");
      said.dataset.unsentSaid = "";
      form.append(said);
    }
    return said;
  };

  const tellOut = (form) => {
    const link = document.createElement("a");
    link.href = words.login;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = words.logIn;
    line(form).replaceChildren(words.out, " ", link);
  };

  const keeper = (form) => {
    let timer = 0;
    let since = 0;
    let going = null;
    let wanted = false;
    let isSent = false;
    const state = { isOut: false };

    const send = async (keepalive) => {
      window.clearTimeout(timer);
      since = 0;
      if (isSent) return;
      if (going && !keepalive) {
        wanted = true;
        return;
      }
      wanted = false;
      going = new AbortController();
      const body = new FormData(form);
      for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
      body.set("place", form.dataset.unsent);
      try {
        const answer = await fetch(words.keep, {
          method: "POST",
          body,
          keepalive,
          redirect: "manual",
          signal: going.signal,
        });
        state.isOut = answer.type === "opaqueredirect" || answer.status === 403;
        if (state.isOut) tellOut(form);
        else if ((answer.headers.get("Content-Type") || "").includes("json")) {
          line(form).textContent = (await answer.json()).told;
        }
      } catch (fault) {
        if (fault.name !== "AbortError") {
          line(form).textContent = words.down;
          later(LONGEST);
        }
      }
      going = null;
      if (wanted) later(PAUSE);
    };

    const later = (pause) => {
      since ||= Date.now();
      window.clearTimeout(timer);
      timer = window.setTimeout(send, Math.min(pause, Math.max(0, since + LONGEST - Date.now())));
    };

    form.addEventListener("input", () => later(PAUSE));
    form.addEventListener("submit", (event) => {
      if (state.isOut) {
        event.preventDefault();
        renew().then((found) => found && form.requestSubmit(event.submitter));
        return;
      }
      isSent = true;
      window.clearTimeout(timer);
      going?.abort();
    });
    // Back from a page that came after: the form may be sent again.
    window.addEventListener("pageshow", () => {
      isSent = false;
    });
    return { state, send, isWaiting: () => since > 0 };
  };

  const keepers = forms.map(keeper);

  // The session is there again, with another token: every form of the page takes it.
  const renew = async () => {
    try {
      const answer = await fetch(words.keep, { redirect: "manual" });
      if (!answer.ok) return false;
      const { token } = await answer.json();
      document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((input) => {
        input.value = token;
      });
    } catch {
      return false;
    }
    for (const one of keepers) {
      if (one.state.isOut) {
        one.state.isOut = false;
        one.send(false);
      }
    }
    return true;
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) keepers.forEach((one) => one.isWaiting() && one.send(true));
    else if (keepers.some((one) => one.state.isOut)) renew();
  });
  window.addEventListener("pagehide", () => keepers.forEach((one) => one.isWaiting() && one.send(true)));
  window.addEventListener("focus", () => keepers.some((one) => one.state.isOut) && renew());
})();
