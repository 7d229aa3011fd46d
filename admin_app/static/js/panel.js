/* Every page: keys, menus, and the words that htmx hears from the server when it refuses. */
(function () {
  "use strict";
  const typing = (target) => target.closest("input, textarea, select, [contenteditable], .ts-wrapper") !== null;

  window.Dossier = {
    typing,
    /* Say something to a screen reader without moving the focus. */
    say(words) {
      const live = document.getElementById("live");
      if (live) live.textContent = words;
    },
    token: () => document.querySelector("meta[name=csrf-token]").content,
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      const find = document.querySelector(".find input");
      if (find) find.focus();
      return;
    }
    if (event.key === "Escape") {
      document.querySelectorAll("details.menu[open]").forEach((menu) => {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "?") {
      const keys = document.getElementById("keys");
      if (keys && !keys.open) keys.showModal();
      return;
    }
    const link = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (link) {
      event.preventDefault();
      if (link.matches("input, select, textarea")) link.focus();
      else link.click();
    }
  });

  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      dialog.showModal();
      window.htmx.trigger(dialog, "opened");
    }
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
  });

  /* A refusal comes back as a small note; show it where the answer would have stood. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const status = event.detail.xhr.status;
    if (status >= 400 && status < 600) event.detail.shouldSwap = true;
  });
})();
