// Tells which measure was opened from an answer, without cookies: so the centre sees what fails.
"use strict";

const found = document.querySelector("[data-clicks]");
const tell = (event) => {
  const card = event.target.closest("a") && event.target.closest("[data-slug]");
  if (!card || event.button > 1) return;
  fetch(found.dataset.clicks, {
    method: "POST",
    body: new URLSearchParams({ query: found.dataset.asked, slug: card.dataset.slug }),
    credentials: "omit",
    keepalive: true, // outlives the page
  }).catch(() => {});
};
found?.addEventListener("click", tell);
found?.addEventListener("auxclick", tell);
