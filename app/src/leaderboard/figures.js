{
  // Orders and windows without a reload: the page behind the link is fetched, and what it shows takes the place of this one's.
  const content = () => document.getElementById("content");
  const told = document.createElement("p");
  told.className = "visually-hidden";
  told.setAttribute("role", "status");
  document.body.append(told);
  let latest = 0;

  const show = async (address, from) => {
    const own = ++latest;
    content().setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { headers: { accept: "text/html" } });
      if (!response.ok) throw new Error(response.statusText);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (own !== latest) return false;
      const scrolled = (from && document.querySelector(from).scrollLeft) || 0;
      content().replaceChildren(...page.getElementById("content").childNodes);
      document.title = page.title;
      if (from) {
        const bar = document.querySelector(from);
        bar.scrollLeft = scrolled;
        bar.querySelector(`a[href="${CSS.escape(address)}"]`)?.focus({ preventScroll: true });
      }
      ready();
      told.textContent = document.querySelector(".board caption")?.textContent ?? "";
      return true;
    } catch {
      if (own === latest) location.assign(address);
      return false;
    } finally {
      if (own === latest) content().removeAttribute("aria-busy");
    }
  };
  addEventListener("click", async (event) => {
    const link = event.target.closest?.(".board thead a, .orders a, .segments a");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const from = [".board thead", ".orders", ".segments"].find((bar) => link.closest(bar));
    const address = link.getAttribute("href");
    if (await show(address, from)) history.pushState(null, "", address);
  });
  addEventListener("popstate", () => show(location.pathname + location.search));

  // What the pointer or the keyboard is on, in words: a chart's hours one by one with the arrow keys, the scatter's models with Tab.
  const marks = ".hour, .plot svg a";
  const say = (mark) => {
    const figure = mark.closest("figure");
    figure.querySelector(".on")?.classList.remove("on");
    mark.classList.add("on");
    figure.querySelector("output").textContent = mark.querySelector("title").textContent;
  };
  const ready = () => {
    for (const chart of document.querySelectorAll(".chart:has(.hour)")) chart.setAttribute("tabindex", "0");
  };
  for (const kind of ["pointerover", "focusin"]) {
    addEventListener(kind, (event) => {
      const mark = event.target.closest?.(marks);
      if (mark) say(mark);
    });
  }
  addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (!step || !event.target.matches?.(".chart[tabindex]")) return;
    event.preventDefault();
    const hours = [...event.target.querySelectorAll(".hour")];
    const now = hours.findIndex((hour) => hour.classList.contains("on"));
    say(hours[Math.max(0, Math.min(hours.length - 1, (now < 0 ? hours.length : now) + step))]);
  });
  ready();
}
