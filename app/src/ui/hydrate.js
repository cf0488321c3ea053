const at = (rel) => document.querySelector(`link[rel=${rel}]`).href;
const app = await import(at("modulepreload"));
await app.default({ module_or_path: at("preload") });
app.hydrate();
for (const island of document.querySelectorAll("leptos-island")) app[island.dataset.component](island);
document.body.dataset.hydrated = "";
