/* The sheet of one record: neighbours in the list it was opened from, and which section is in sight. */
(function () {
  "use strict";
  const kept = JSON.parse(sessionStorage.getItem("dossier.list") || "null");
  const place = kept ? kept.rows.indexOf(location.pathname) : -1;
  if (place >= 0) {
    const back = document.querySelector("[data-back-to-list]");
    if (back) back.href = kept.at;
    const set = document.querySelector("[data-neighbours]");
    set.hidden = false;
    for (const [name, step] of [["previous", -1], ["next", 1]]) {
      const link = set.querySelector(`[data-${name}]`);
      if (kept.rows[place + step]) link.href = kept.rows[place + step];
      else link.setAttribute("aria-disabled", "true");
    }
  }

  const anchors = new Map([...document.querySelectorAll(".anchors a")].map((link) => [link.hash.slice(1), link]));
  const sheets = document.querySelector(".rec-body");
  const scrolls = getComputedStyle(sheets).overflowY !== "visible";
  const inSight = new Set();
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) inSight[entry.isIntersecting ? "add" : "delete"](entry.target.id);
    const first = [...anchors.keys()].find((id) => inSight.has(id));
    if (!first) return;
    anchors.forEach((link, id) => {
      if (id === first) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }, { root: scrolls ? sheets : null, rootMargin: "0px 0px -70% 0px" });
  anchors.forEach((_, id) => {
    const section = document.getElementById(id);
    if (section) seen.observe(section);
  });
})();
