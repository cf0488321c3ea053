{
  // In app/src/ui/frame.rs:
  const CONTENT = "content";
  // In app/src/leaderboard/page.rs:
  const BOARD = ".board", ORDERS = ".orders", PLOT = ".plot";
  // In app/src/leaderboard/page.rs, app/src/leaderboard/model/page.rs:
  const WINDOWS = ".segments";
  // In app/src/leaderboard/charts.rs:
  const CHART = ".chart", HOUR = ".hour";
  // In style/leaderboard.css:
  const ON = "on";
  // In style/base.css:
  const UNSEEN = "visually-hidden";

  // Orders and windows without a reload: the page behind the link is fetched, and what it shows takes the place of this one's.
  const content = () => /** @type {HTMLElement} */ (document.getElementById(CONTENT));
  const told = document.createElement("p");
  told.className = UNSEEN;
  told.setAttribute("role", "status");
  document.body.append(told);
  let latest = 0;

  /** @param {string} address @param {string} [from] */
  const show = async (address, from) => {
    const own = ++latest;
    content().setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { headers: { accept: "text/html" } });
      if (!response.ok) throw new Error(response.statusText);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (own !== latest) return false;
      const bar = () => /** @type {Element} */ (document.querySelector(/** @type {string} */ (from)));
      const scrolled = from ? bar().scrollLeft : 0;
      content().replaceChildren(.../** @type {Element} */ (page.getElementById(CONTENT)).childNodes);
      document.title = page.title;
      if (from) {
        bar().scrollLeft = scrolled;
        const link = /** @type {HTMLElement | null} */ (bar().querySelector(`a[href="${CSS.escape(address)}"]`));
        link?.focus({ preventScroll: true });
      }
      ready();
      told.textContent = document.querySelector(`${BOARD} caption`)?.textContent ?? "";
      return true;
    } catch {
      if (own === latest) location.assign(address);
      return false;
    } finally {
      if (own === latest) content().removeAttribute("aria-busy");
    }
  };
  const bars = [`${BOARD} thead`, ORDERS, WINDOWS];
  addEventListener("click", async (event) => {
    const target = /** @type {Element} */ (event.target);
    const from = bars.find((bar) => target.closest?.(`${bar} a`));
    if (!from || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const address = target.closest("a")?.getAttribute("href") ?? "";
    if (await show(address, from)) history.pushState(null, "", address);
  });
  addEventListener("popstate", () => show(location.pathname + location.search));

  // What the pointer or the keyboard is on, in words: a chart's hours one by one with the arrow keys, the scatter's models with Tab.
  /** @param {Element} mark */
  const say = (mark) => {
    const figure = /** @type {Element} */ (mark.closest("figure"));
    figure.querySelector(`.${ON}`)?.classList.remove(ON);
    mark.classList.add(ON);
    /** @type {Element} */ (figure.querySelector("output")).textContent = mark.querySelector("title")?.textContent ?? "";
  };
  const ready = () => {
    for (const chart of document.querySelectorAll(`${CHART}:has(${HOUR})`)) chart.setAttribute("tabindex", "0");
  };
  for (const kind of ["pointerover", "focusin"]) {
    addEventListener(kind, (event) => {
      const mark = /** @type {Element} */ (event.target).closest?.(`${HOUR}, ${PLOT} svg a`);
      if (mark) say(mark);
    });
  }
  addEventListener("keydown", (event) => {
    const chart = /** @type {Element} */ (event.target);
    const step = new Map([["ArrowLeft", -1], ["ArrowRight", 1], ["Home", -Infinity], ["End", Infinity]]).get(event.key);
    if (!step || !chart.matches?.(`${CHART}[tabindex]`)) return;
    event.preventDefault();
    const hours = [...chart.querySelectorAll(HOUR)];
    const now = hours.findIndex((hour) => hour.classList.contains(ON));
    const hour = hours[Math.max(0, Math.min(hours.length - 1, (now < 0 ? hours.length : now) + step))];
    if (hour) say(hour);
  });
  ready();
}
