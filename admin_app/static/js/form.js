/* The form of a record: lists that grow, look-ups, fields that depend on others, and a draft kept in this window. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  if (!form) return;

  /* Lists and rows: a spare line is always there; one more is a copy of it. */
  let count = 1000;
  form.addEventListener("click", (event) => {
    const more = event.target.closest("[data-more]");
    const remove = event.target.closest("[data-remove]");
    if (more) {
      const spare = more.previousElementSibling;
      const made = spare.cloneNode(true);
      count += 1;
      made.querySelectorAll("input, select, textarea").forEach((box) => {
        if (box.type === "checkbox" || box.type === "radio") box.checked = box.type === "radio" && box.value === "";
        else if (!/\.(row|here|country)$/.test(box.name)) box.value = "";
      });
      const number = made.querySelector("input[name$='.row']");
      if (number) {
        const old = `${number.name.slice(0, -4)}.${number.value}.`;
        const fresh = `${number.name.slice(0, -4)}.${count}.`;
        number.value = String(count);
        made.querySelectorAll("[name], [id], [for]").forEach((part) => {
          for (const key of ["name", "id", "for"]) {
            const value = part.getAttribute(key);
            if (value && value.startsWith(old)) part.setAttribute(key, fresh + value.slice(old.length));
          }
        });
      } else made.querySelectorAll("[id]").forEach((part) => part.removeAttribute("id"));
      spare.after(made);
      made.querySelector("input:not([type=hidden]), select, textarea").focus();
    }
    if (remove) {
      const line = remove.closest(".item, .rowbox");
      const lines = line.parentElement.querySelectorAll(":scope > .item, :scope > .rowbox");
      if (lines.length > 1) line.remove();
      else line.querySelectorAll("input:not([type=hidden]), textarea, select").forEach((box) => { box.value = ""; });
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
  form.querySelector("[data-draft-take]").addEventListener("click", () => {
    const pairs = JSON.parse(kept);
    const seen = {};
    for (const [name, text] of pairs) {
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
