/* The form of a record: lists that grow, look-ups, fields that depend on others, and a draft kept in this window. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  if (!form) return;

  /* Lists and rows: the page brings one empty line more, so that it works without us. We keep it as the
     pattern of a new line, and show it only where there is no other. */
  const patterns = new Map();
  form.querySelectorAll("[data-items], [data-rows]").forEach((box) => {
    const lines = box.querySelectorAll(":scope > .item, :scope > .rowbox");
    const spare = lines[lines.length - 1];
    patterns.set(box, spare.cloneNode(true));
    if (lines.length > 1) spare.remove();
  });

  /* A new line; rows are numbered, and the names of their inputs carry the number. */
  let last = 1000;
  function addLine(box, number) {
    const made = patterns.get(box).cloneNode(true);
    const row = made.querySelector("input[name$='.row']");
    if (row) {
      const prefix = `${row.name.slice(0, -4)}.`;
      const old = `${prefix}${row.value}.`;
      row.value = number || String((last += 1));
      made.querySelectorAll("[name], [id], [for]").forEach((part) => {
        for (const key of ["name", "id", "for"]) {
          const value = part.getAttribute(key);
          if (value && value.startsWith(old)) part.setAttribute(key, `${prefix}${row.value}.${value.slice(old.length)}`);
        }
      });
    } else if (form.querySelector(`#${CSS.escape((made.querySelector("[id]") || {}).id || "-")}`)) {
      made.querySelectorAll("[id]").forEach((part) => part.removeAttribute("id"));
    }
    box.querySelector(":scope > [data-more]").before(made);
    return made;
  }

  form.addEventListener("click", (event) => {
    const more = event.target.closest("[data-more]");
    const remove = event.target.closest("[data-remove]");
    if (more) addLine(more.parentElement).querySelector("input:not([type=hidden]), select, textarea").focus();
    if (remove) {
      const line = remove.closest(".item, .rowbox");
      const box = line.parentElement;
      line.remove();
      if (!box.querySelector(":scope > .item, :scope > .rowbox")) addLine(box);
      changed();
    }
  });

  /* Long choices and references are searched. */
  const plain = { maxOptions: 500 };
  /* tom-select takes the label away for its own box; the select behind it keeps the name. */
  form.querySelectorAll("select[data-search-select], select[data-lookup]").forEach((box) => {
    const label = box.id && form.querySelector(`label[for="${CSS.escape(box.id)}"]`);
    if (label) box.setAttribute("aria-label", label.textContent.trim());
  });
  form.querySelectorAll("select[data-search-select]").forEach((box) => new TomSelect(box, plain));
  form.querySelectorAll("select[data-lookup]").forEach((box) => new TomSelect(box, {
    valueField: "id", labelField: "label", searchField: ["label", "number"], preload: "focus",
    load(text, done) {
      fetch(`${box.dataset.lookup}?q=${encodeURIComponent(text)}`, { credentials: "same-origin" })
        .then((answer) => (answer.ok ? answer.json() : []))
        .then(done, () => done());
    },
  }));

  /* Fields shown only while another holds a value. A hidden one is not sent: nothing of it changes. */
  const value = (id) => {
    const boxes = [...form.querySelectorAll(`[name="${CSS.escape(id)}"]`)];
    const chosen = boxes.filter((box) => !["checkbox", "radio"].includes(box.type) || box.checked);
    return chosen.map((box) => box.value).filter(Boolean);
  };
  function holds(rule) {
    if (rule.all) return rule.all.every(holds);
    if (rule.any) return rule.any.some(holds);
    if (rule.not) return !holds(rule.not);
    const given = value(rule.field);
    const wanted = [].concat(rule.value).map(String);
    if (rule.op === "empty") return (given.length === 0) === (rule.value !== false);
    if (rule.op === "eq" || rule.op === "in") return given.some((one) => wanted.includes(one));
    if (rule.op === "ne") return !given.some((one) => wanted.includes(one));
    return true;
  }
  const dependent = [...form.querySelectorAll("[data-when]")].map((box) => [box, JSON.parse(box.dataset.when)]);
  function show() {
    for (const [box, rule] of dependent) {
      const shown = holds(rule);
      box.hidden = !shown;
      box.querySelectorAll("input, select, textarea").forEach((part) => { part.disabled = !shown; });
    }
    form.querySelectorAll("section.sec").forEach((section) => {
      section.hidden = ![...section.querySelectorAll(".fld, .fld-group")].some((box) => !box.hidden);
    });
    form.querySelectorAll(".anchors a").forEach((link) => {
      const section = document.getElementById(link.hash.slice(1));
      link.hidden = !section || section.hidden;
    });
  }

  /* The draft lies in this window only and goes with it: customer data is not left on the machine. */
  const key = `dossier.draft.${form.dataset.draft}.${form.elements.revision.value}`;
  const own = new Set(["csrf_token", "revision", "version", "key"]);
  const words = () => JSON.stringify([...new FormData(form)].filter(([name]) => !own.has(name)));
  const before = words();
  let left = false;
  function changed() {
    const now = words();
    if (now === before) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, now);
  }
  function drop() {
    sessionStorage.removeItem(key);
    note.hidden = true;
  }
  const note = form.querySelector("[data-draft-note]");
  const kept = sessionStorage.getItem(key);
  if (kept && kept !== before && !document.getElementById("trouble")) note.hidden = false;
  /* Lines that the draft has and the page has not. */
  function makeRoom(pairs, name, text) {
    const wanted = pairs.filter(([other]) => other === name).length;
    for (const box of patterns.keys()) {
      const inputs = () => [...box.querySelectorAll(`[name="${CSS.escape(name)}"]`)].filter((one) => one.type !== "hidden" || name.endsWith(".row"));
      const rows = box.matches("[data-rows]");
      if (rows && name === `${box.querySelector("input[name$='.row']").name}` && !inputs().some((one) => one.value === text)) addLine(box, text);
      if (!rows && patterns.get(box).querySelector(`[name="${CSS.escape(name)}"]`)) while (inputs().length < wanted) addLine(box);
    }
  }
  form.querySelector("[data-draft-take]").addEventListener("click", () => {
    const pairs = JSON.parse(kept);
    const seen = {};
    for (const [name, text] of pairs) {
      makeRoom(pairs, name, text);
      const boxes = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
      const place = (seen[name] = (seen[name] ?? -1) + 1);
      const toggles = boxes.filter((box) => ["checkbox", "radio"].includes(box.type));
      if (toggles.length) toggles.filter((box) => box.value === text).forEach((box) => { box.checked = true; });
      else if (boxes[place]) {
        boxes[place].value = text;
        if (boxes[place].tomselect) boxes[place].tomselect.setValue(text, true);
      }
    }
    note.hidden = true;
    show();
    changed();
  });
  form.querySelector("[data-draft-drop]").addEventListener("click", drop);
  form.addEventListener("input", () => { show(); changed(); });
  form.addEventListener("change", () => { show(); changed(); });
  form.addEventListener("submit", () => {
    left = true;
    form.querySelectorAll("button.go").forEach((button) => { button.setAttribute("aria-busy", "true"); });
  });
  document.querySelector("[data-leave]").addEventListener("click", () => { left = true; drop(); });
  window.addEventListener("beforeunload", (event) => {
    if (!left && words() !== before) event.preventDefault();
  });
  window.addEventListener("pageshow", () => { left = false; });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      form.requestSubmit();
    }
    if (event.key === "Escape" && !window.Dossier.typing(event.target)) document.querySelector("[data-leave]").click();
  });

  show();
  const trouble = document.getElementById("trouble");
  if (trouble) trouble.focus();
  else if (location.hash.startsWith("#f-")) {
    const box = document.getElementById(location.hash.slice(1));
    const input = box && box.querySelector("input:not([type=hidden]), select, textarea");
    if (input) input.focus();
  }
})();
