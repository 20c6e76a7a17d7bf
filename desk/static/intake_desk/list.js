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
  keys["."] = keys["/"];
  keys[","] = keys["?"];

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

// A list that is left open tells politely of what is new. It never moves a row: to see it is a choice.
(() => {
  const line = document.querySelector("[data-news]");
  if (!line) return;
  const beat = Number(line.dataset.beat) * 1000;
  const rows = [...document.querySelectorAll("tr[data-case]")];
  const keys = (some) => some.map((row) => row.dataset.case).join(",");
  const free = keys(rows.filter((row) => "free" in row.dataset));
  const address = `${line.dataset.news}&free=${free}&shown=${keys(rows)}`;
  let timer = 0;
  let over = false;

  const show = (news) => {
    const box = line.firstElementChild;
    const said = line.querySelector("[data-told]");
    if (news.told !== said.textContent) said.textContent = news.told;
    box.hidden = !news.told;
    const taken = new Set(news.taken.map(String));
    rows.forEach((row) => {
      const gone = taken.has(row.dataset.case);
      row.classList.toggle("is-taken", gone);
      const button = row.querySelector("[data-take]");
      if (button) button.disabled = gone;
    });
  };
  const ask = async () => {
    window.clearTimeout(timer);
    if (document.hidden) return; // goes on when somebody looks again
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) show(await answer.json());
      else over = answer.status < 500; // logged out: it asks no more
    } catch {
      // The line is down: the next beat tries again.
    }
    if (!over) timer = window.setTimeout(ask, beat);
  };
  timer = window.setTimeout(ask, beat);
  document.addEventListener("visibilitychange", () => {
    window.clearTimeout(timer);
    if (!document.hidden && !over) timer = window.setTimeout(ask, 1000);
  });
})();
