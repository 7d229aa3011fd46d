/* The list: rows by keyboard, selection with its dark bar, and what to say when the next page is slow. */
(function () {
  "use strict";
  const list = document.querySelector("[data-list]");
  if (!list) return;
  const rows = [...list.querySelectorAll("tr[data-href]")];
  const boxes = [...list.querySelectorAll("td.pick input")];
  const all = list.querySelector("[data-pick-all]");
  const bar = document.getElementById("selection");
  let at = -1;
  let last = null;

  /* The record page goes to the next row by this; ids only. */
  sessionStorage.setItem("dossier.list", JSON.stringify({ at: location.pathname + location.search, rows: rows.map((row) => row.dataset.href) }));

  function focusRow(place) {
    if (!rows.length) return;
    if (at >= 0) rows[at].classList.remove("at");
    at = Math.max(0, Math.min(rows.length - 1, place));
    rows[at].classList.add("at");
    rows[at].querySelector("[data-open]").focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  }

  function picked() {
    const chosen = boxes.filter((box) => box.checked).length;
    boxes.forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    if (bar) {
      bar.hidden = chosen === 0;
      bar.querySelector("[data-picked]").textContent = chosen;
    }
  }

  list.addEventListener("change", (event) => {
    if (event.target === all) boxes.forEach((box) => { box.checked = all.checked; });
    picked();
  });
  list.addEventListener("click", (event) => {
    const box = event.target.closest("td.pick input");
    if (box && event.shiftKey && last) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      boxes.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
      picked();
    }
    if (box) last = box;
    if (event.target.closest("[data-unpick]")) unpick();
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, label, form") && !String(getSelection())) {
      row.querySelector("[data-open]").click();
    }
  });
  list.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (row && rows.indexOf(row) !== at) {
      if (at >= 0) rows[at].classList.remove("at");
      at = rows.indexOf(row);
      row.classList.add("at");
    }
  });

  function unpick() {
    boxes.forEach((box) => { box.checked = false; });
    picked();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && bar && !bar.hidden) return unpick();
    if (window.Dossier.typing(event.target) && event.target.type !== "checkbox") return;
    if (document.querySelector("dialog[open]")) return;
    const moves = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
    if (event.key in moves) {
      event.preventDefault();
      focusRow(at < 0 ? (moves[event.key] > 0 ? 0 : rows.length - 1) : at + moves[event.key]);
    } else if (event.key === "x" && at >= 0 && boxes[at]) {
      boxes[at].checked = !boxes[at].checked;
      picked();
    } else if (event.key.toLowerCase() === "e" && at >= 0) {
      location.assign(rows[at].dataset.href + "edit/");
    }
  });

  /* 0.3 s: the rows step back; 1.5 s: words and a way out. */
  let timers = [];
  function slow() {
    timers.push(setTimeout(() => list.classList.add("leaving"), 300));
    timers.push(setTimeout(() => {
      const note = document.getElementById("slow");
      if (note) note.hidden = false;
    }, 1500));
  }
  function quick() {
    timers.forEach(clearTimeout);
    timers = [];
    list.classList.remove("leaving");
    const note = document.getElementById("slow");
    if (note) note.hidden = true;
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && link.origin === location.origin && !link.hash) slow();
    if (event.target.closest("[data-stop]")) { window.stop(); quick(); }
  });
  document.querySelectorAll("form[method=get]").forEach((form) => form.addEventListener("submit", slow));
  window.addEventListener("pageshow", () => { quick(); picked(); });

  /* The condition builder: a second box for "between", none for "is empty". */
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-operator]")) shape(event.target);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const operator = event.target.querySelector("[data-operator]");
    if (operator) shape(operator);
  });
  function shape(operator) {
    const values = operator.closest("form").querySelector("[data-values]");
    const second = values.querySelector("[data-second]");
    values.hidden = /^(empty|filled|last:\d+)$/.test(operator.value);
    values.disabled = values.hidden;
    if (second) second.hidden = second.disabled = operator.value !== "between";
  }
})();
