// Screens by the fragment of the address, the theme, and the token.

import { ask, token } from "./api.js";
import { book } from "./book.js";
import { recolour } from "./charts.js";
import { at } from "./dom.js";
import { recolourHeatmaps } from "./heatmap.js";
import { jobs, matrices } from "./lists.js";
import { overview } from "./overview.js";
import { pair } from "./pair.js";
import { sweep } from "./sweep.js";

const THEMES = ["auto", "light", "dark"];
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const screens = Object.fromEntries(Object.entries({ overview, jobs, matrices, sweep, pair, book }).map(([name, make]) => [name, make()]));
let theme = THEMES.includes(localStorage.getItem("meanrev-theme")) ? localStorage.getItem("meanrev-theme") : "auto";
let current = "";

function notice(text) {
  const place = at("notice");
  if (place.textContent !== text) place.textContent = text;
  place.hidden = !text;
}

function paint() {
  document.documentElement.dataset.theme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  at("theme").textContent = `Theme: ${theme}`;
  recolour();
  recolourHeatmaps();
}

function show() {
  const name = location.hash.slice(1) in screens ? location.hash.slice(1) : "overview";
  screens[current]?.close();
  notice("");
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== `${name}-screen`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${name[0].toUpperCase()}${name.slice(1)} – meanrev`;
  if (current) at("main").focus();
  current = name;
  at("forget").hidden = !token.get();
  screens[name].open((text) => current === name && notice(text));
}

async function identify() {
  at("who").textContent = "";
  try {
    at("who").textContent = (await ask("about")).identity;
  } catch { /* the screen says why */ }
}

function login(reason) {
  notice(reason); // for whoever closes the dialog without a token
  const dialog = at("login");
  at("login-reason").textContent = reason;
  if (!dialog.open) dialog.showModal();
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the fragment names a screen
  at("main").focus();
});
at("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  localStorage.setItem("meanrev-theme", theme);
  paint();
});
at("forget").addEventListener("click", () => {
  token.forget();
  identify();
  show();
});
at("login").querySelector("form").addEventListener("submit", () => {
  token.set(at("login-token").value.trim());
  at("login-token").value = "";
  identify();
  show();
});
document.addEventListener("token-needed", (event) => login(event.detail));
dark.addEventListener("change", paint);
window.addEventListener("hashchange", show);
paint();
identify();
show();
