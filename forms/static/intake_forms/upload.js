// Files on their way: judged before they are sent, with progress and a way to stop. Only a comfort:
// without it they travel with the page, and the server judges them anyway.
(() => {
  "use strict";

  const held = document.querySelector("[data-upload-words]");
  if (!held) return;
  const words = held.dataset;
  const MEGABYTE = 1024 * 1024;

  const fieldOf = (input) => input.closest(".field");

  const tell = (input, text) => {
    const field = fieldOf(input);
    field.querySelector("[data-upload-error]")?.remove();
    if (!text) return;
    const said = document.createElement("div");
    said.className = "field__error";
    said.dataset.uploadError = "";
    said.setAttribute("role", "alert");
    said.textContent = text;
    input.before(said);
  };

  // What is wrong with a file as far as it can be told before it is sent.
  const fault = (input, file) => {
    const accepted = input.accept.split(",");
    const ending = `.${file.name.split(".").pop().toLowerCase()}`;
    if (!accepted.includes(ending) && !accepted.includes(file.type)) return words.wrongKind;
    if (file.size > Number(input.dataset.mostMegabytes) * MEGABYTE) return words.tooLarge;
    return "";
  };

  const sorted = (input) => {
    const good = [];
    const faults = [];
    for (const file of input.files) {
      const wrong = fault(input, file);
      if (wrong) faults.push(`${file.name}: ${wrong}`);
      else good.push(file);
    }
    if (good.length > Number(input.dataset.mostFiles)) {
      return { good: [], faults: [words.tooMany] };
    }
    return { good, faults };
  };

  // Sends with a progress beside the field; gives the answer, or null when it was stopped.
  const send = (input, form, body, name) =>
    new Promise((resolve, reject) => {
      const state = held.content.firstElementChild.cloneNode(true);
      state.querySelector("[data-said]").textContent = `${words.sending} ${name}`;
      const bar = state.querySelector("progress");
      fieldOf(input).after(state);
      const request = new XMLHttpRequest();
      const end = (finish) => () => {
        state.remove();
        finish();
      };
      state.querySelector("button").addEventListener("click", () => request.abort());
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
      });
      request.addEventListener("load", end(() => resolve(request)));
      request.addEventListener("abort", end(() => resolve(null)));
      request.addEventListener("error", end(() => reject(new Error("broken"))));
      request.open("POST", form.action);
      request.send(body);
    });

  const pageOf = (request) => new DOMParser().parseFromString(request.responseText, "text/html");

  const swap = (page) => {
    const main = page.querySelector("main");
    if (!main) return;
    document.querySelector("main").replaceWith(document.adoptNode(main));
    document.querySelector(".error-summary")?.focus();
  };

  // A page of a form: each file goes as soon as it is chosen, with what is typed so far.
  const attach = async (input, file) => {
    const form = input.form;
    const body = new FormData(form);
    for (const other of form.querySelectorAll("input[type=file]")) body.delete(other.name);
    body.append(input.name, file);
    body.set("do", "attach");
    const request = await send(input, form, body, file.name);
    if (!request) return "";
    const page = pageOf(request);
    const path = `[data-uploads="${CSS.escape(input.name.replace(/^a-/, ""))}"]`;
    const [before, after] = [document.querySelector(path), page.querySelector(path)];
    const token = page.querySelector("input[name=draft]");
    if (request.status === 409 && after) {
      swap(page);
      return "";
    }
    if (![200, 422].includes(request.status) || !after || !token) {
      return page.querySelector("main h1")?.textContent || words.broken;
    }
    form.elements.draft.value = token.value;
    before.replaceWith(document.adoptNode(after));
    form.dispatchEvent(new Event("input"));
    const field = fieldOf(page.getElementById(input.id) || input);
    return field?.ownerDocument === page
      ? [...field.querySelectorAll(".field__error p")].map((one) => one.textContent).join(" ")
      : "";
  };

  let line = Promise.resolve(); // one after the other: each needs the token of the one before

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file" || !input.form?.matches("[data-intake-form]")) return;
    const { good, faults } = sorted(input);
    tell(input, faults.join(" "));
    if (!good.length) {
      input.value = "";
      return;
    }
    line = line.then(async () => {
      for (const file of good) {
        try {
          const wrong = await attach(input, file);
          if (wrong) faults.push(wrong);
        } catch {
          faults.push(words.broken);
        }
      }
      input.value = "";
      tell(input, faults.join(" "));
    });
  });

  // A message with papers: both or none, so they go together when it is sent.
  let busy = false;
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-upload-form]")) return;
    const input = form.querySelector("input[type=file]");
    if (!input.files.length) return;
    event.preventDefault();
    if (busy) return;
    const { faults } = sorted(input);
    tell(input, faults.join(" "));
    if (faults.length) return;
    busy = true;
    try {
      const names = [...input.files].map((file) => file.name).join(", ");
      const request = await send(input, form, new FormData(form), names);
      if (request?.status === 200) window.location.replace(request.responseURL);
      else if (request?.status === 422) swap(pageOf(request));
      else if (request) tell(input, pageOf(request).querySelector("main h1")?.textContent || words.broken);
    } catch {
      tell(input, words.broken);
    }
    busy = false;
  });
})();
