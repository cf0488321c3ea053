// In app/src/ui/scripts.rs:
const SCRIPT = "modulepreload", PROGRAM = "preload";
// In no other place of ours: the framework's elements, and what the browser tests wait for.
const ISLAND = "leptos-island", COMPONENT = "data-component", HYDRATED = "data-hydrated";

/** @param {string} rel */
const at = (rel) => /** @type {HTMLLinkElement} */ (document.querySelector(`link[rel=${rel}]`)).href;
const app = await import(at(SCRIPT));
await app.default({ module_or_path: at(PROGRAM) });
app.hydrate();
for (const island of document.querySelectorAll(ISLAND)) app[/** @type {string} */ (island.getAttribute(COMPONENT))](island);
document.body.setAttribute(HYDRATED, "");
