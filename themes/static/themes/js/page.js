// Small comforts that nothing depends on: print, and leaving a page quickly.
"use strict";

document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});

const exit = document.querySelector("[data-quick-exit]");
if (exit) {
  // Nothing of the page is seen while the next one comes, however slow the line. The page is
  // replaced, so that «back» does not bring it up again.
  const leave = () => {
    document.documentElement.hidden = true;
    window.location.replace(exit.href);
  };
  let presses = 0;
  exit.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  document.addEventListener("keydown", (event) => {
    presses = event.key === "Escape" ? presses + 1 : 0;
    if (presses === 3) leave();
  });
  document.querySelectorAll("[data-quick-exit-hint]").forEach((hint) => {
    hint.hidden = false;
  });
}
