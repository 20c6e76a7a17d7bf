// Suggestions under a search box: an editable combobox with a listbox (ARIA Authoring Practices).
"use strict";

const PAUSE = 150; // of typing, ms
const LONGEST = 100;

function make(tag, attributes, text = "") {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.textContent = text;
  return made;
}

function suggestFor(input) {
  const texts = input.dataset;
  const id = `${input.id}-list`;
  const list = make("div", { role: "listbox", id, class: "search-box__list", "aria-label": texts.title });
  const told = make("p", { role: "status", class: "visually-hidden" });
  const answers = new Map();
  const set = (name, value) => input.setAttribute(`aria-${name}`, value);
  const words = () => input.value.slice(0, LONGEST).trim();
  let options = [];
  let active = -1;
  let timer, asking;

  function point(to) {
    options[active]?.setAttribute("aria-selected", "false");
    active = to;
    const option = options[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    set("activedescendant", option ? option.id : "");
  }

  function open(yes) {
    list.hidden = !yes;
    set("expanded", yes);
  }

  function close() {
    clearTimeout(timer);
    asking?.abort();
    point(-1);
    open(false);
  }

  function go(option) {
    close();
    window.location.assign(option.dataset.url);
  }

  function show(found) {
    const groups = {};
    point(-1);
    options = found.map(({ kind, kind_title, title, url }, i) => {
      const label = `${id}-${kind}`;
      if (!groups[kind]) {
        groups[kind] = make("div", { role: "group", "aria-labelledby": label });
        groups[kind].append(make("div", { role: "presentation", id: label }, kind_title));
      }
      const option = make("div", { role: "option", id: `${id}-${i}`, "aria-selected": "false", "data-url": url }, title);
      groups[kind].append(option);
      return option;
    });
    list.replaceChildren(...Object.values(groups));
    open(options.length > 0);
    told.textContent = options.length ? texts.some.replace("#", options.length) : texts.none;
  }

  async function ask() {
    const typed = words();
    asking?.abort();
    if (typed.length < 2) return close();
    if (answers.has(typed)) return show(answers.get(typed));
    asking = new AbortController();
    try {
      const query = new URLSearchParams({ q: typed, territory: texts.territory });
      const response = await fetch(`${texts.suggest}?${query}`, { signal: asking.signal });
      if (!response.ok) return close();
      answers.set(typed, (await response.json()).suggestions);
      if (typed === words() && document.activeElement === input) show(answers.get(typed));
    } catch {
      // Outdated, or no network: the form works all the same.
    }
  }

  const keys = {
    ArrowDown: () => (list.hidden ? ask() : point((active + 1) % options.length)),
    ArrowUp: () => list.hidden || point((active < 1 ? options.length : active) - 1),
    Escape: () => list.hidden || close(), // then clears the box
  };
  const keysOfOption = {
    Home: () => point(0),
    End: () => point(options.length - 1),
    Enter: () => go(options[active]),
  };

  input.setAttribute("role", "combobox");
  set("autocomplete", "list");
  set("controls", id);
  input.after(list, told);
  close();
  input.addEventListener("keydown", (event) => {
    const act = keys[event.key] || (active >= 0 && keysOfOption[event.key]);
    if (act && !event.isComposing && act() !== true) event.preventDefault();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    point(-1);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) go(option);
  });
}

document.querySelectorAll("[data-suggest]").forEach(suggestFor);
