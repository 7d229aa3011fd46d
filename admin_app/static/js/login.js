/* The eye in the password box. */
document.querySelectorAll("[data-show]").forEach((eye) => {
  const box = document.getElementById(eye.dataset.show);
  eye.addEventListener("click", () => {
    const shown = box.type === "text";
    box.type = shown ? "password" : "text";
    eye.setAttribute("aria-pressed", String(!shown));
    box.focus();
  });
});
