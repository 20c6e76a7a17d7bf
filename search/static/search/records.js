// Looks for records to choose while the editor types; without script a button does the same.
"use strict";

const PAUSE = 250; // of typing, ms

function choose(field) {
  const { records, name, added, none, some, more, fails } = field.dataset;
  const [chosen, found] = ["chosen", "found"].map((part) => field.querySelector(`[data-${part}]`));
  const words = field.querySelector("input[type=search]");
  const told = field.querySelector("[role=status]");
  let timer, asking;

  function row({ value, title, note }) {
    const made = document.createElement("li");
    const label = made.appendChild(document.createElement("label"));
    const box = Object.assign(document.createElement("input"), { type: "checkbox", name, value });
    label.append(box, ` ${title} `);
    if (note) label.appendChild(document.createElement("small")).textContent = note;
    return made;
  }

  function show(answer) {
    const kept = new Set([...chosen.querySelectorAll("input")].map((box) => box.value));
    const rows = answer.found.filter(({ value }) => !kept.has(String(value)));
    found.replaceChildren(...rows.map(row));
    told.textContent = rows.length ? some.replace("#", rows.length) : none;
    if (answer.more) told.textContent += ` ${more}`;
  }

  async function ask() {
    clearTimeout(timer);
    asking?.abort();
    const typed = words.value.trim();
    if (!typed) {
      found.replaceChildren();
      told.textContent = "";
      return;
    }
    asking = new AbortController();
    try {
      const response = await fetch(`${records}?${new URLSearchParams({ q: typed })}`, { signal: asking.signal });
      if (!response.ok) throw new Error(response.status);
      show(await response.json());
    } catch (error) {
      if (error.name !== "AbortError") told.textContent = fails;
    }
  }

  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  words.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault(); // the form is not sent by it
    ask();
  });
  field.querySelector("[data-find]").addEventListener("click", (event) => {
    event.preventDefault();
    ask();
  });
  found.addEventListener("change", ({ target }) => {
    chosen.append(target.closest("li"));
    target.focus();
    told.textContent = `${added} ${target.closest("label").textContent.trim()}`;
  });
}

const start = () => document.querySelectorAll("[data-records]").forEach(choose);
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
