// The list by keyboard. Without this script everything is there, with the mouse.
"use strict";

(() => {
  const help = document.querySelector("[data-help]");
  const hint = document.querySelector("[data-hint]");
  const rows = [...document.querySelectorAll("[data-keys] tbody tr")];
  const ticks = [...document.querySelectorAll('input[name="case"]')];
  const counted = document.querySelector("[data-ticked]");
  const every = document.querySelector("[data-all]");
  let at = -1;

  if (hint) hint.hidden = false;

  const go = (to) => {
    if (!rows.length) return;
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows.forEach((row, number) => row.classList.toggle("is-here", number === at));
    rows[at].querySelector("a.desk-list__number").focus();
    rows[at].scrollIntoView({ block: "nearest" });
  };

  const count = () => {
    if (!counted) return;
    const ticked = ticks.filter((tick) => tick.checked).length;
    counted.textContent = ticked ? `(${ticked})` : "";
    if (ticked) counted.closest("details").open = true;
  };

  ticks.forEach((tick) => tick.addEventListener("change", count));
  if (every) {
    every.hidden = false;
    every.addEventListener("change", () => {
      ticks.forEach((tick) => {
        tick.checked = every.checked;
      });
      count();
    });
  }

  const keys = {
    j: () => go(at + 1),
    k: () => go(at - 1),
    t: () => at >= 0 && rows[at].querySelector("[data-take]")?.click(),
    x: () => at >= 0 && rows[at].querySelector('input[name="case"]')?.click(),
    "/": () => document.querySelector(".list-search input[type=search]").focus(),
    "?": () => help.showModal(),
  };
  // The same keys while the Russian layout is on.
  keys["о"] = keys.j;
  keys["л"] = keys.k;
  keys["е"] = keys.t;
  keys["ч"] = keys.x;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  rows.forEach((row, number) => {
    row.addEventListener("focusin", () => {
      at = number;
      rows.forEach((other) => other.classList.toggle("is-here", other === row));
    });
  });
})();
