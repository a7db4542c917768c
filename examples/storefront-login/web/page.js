// What the pages are made of. Nothing that comes from elsewhere is ever taken
// for HTML.

/** element makes an element with properties and children. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** show puts elements in the place of what the page shows. */
export function show(...children) {
  document.querySelector("main").replaceChildren(...children);
}
