"""What is looked for on a page in the browser: whether it fits, and what axe-core finds."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ON_A_PHONE = ["color-contrast", "target-size"]
"""What the dark scheme and a narrow screen can change."""
WIDTHS = (320, 1280)
"""CSS pixels; 320 is what WCAG 2.2 asks for (1.4.10 Reflow)."""
_FAULTS = """(what) => axe.run(document, {resultTypes: ["violations"], runOnly: what}).then(
  (found) => found.violations.flatMap((one) => one.nodes.slice(0, 2).map(
    (node) => `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`)))"""
_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const told = (what, element) => `${what}: ${element.outerHTML.slice(0, 160)}`;
  const found = [];
  if (document.documentElement.scrollWidth > width) {
    for (const element of document.querySelectorAll("body *")) {
      if (element.getBoundingClientRect().right > width + 1) found.push(told("wide", element));
    }
  }
  for (const element of document.querySelectorAll("button, summary, label, nav a, th, dt")) {
    if (element.matches(".unseen, .unseen *") || !element.clientWidth) continue;
    if (element.scrollWidth > element.clientWidth + 1) found.push(told("cut", element));
  }
  for (const element of document.querySelectorAll("thead th, button, nav a, .mark")) {
    const range = document.createRange();
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || /\\s/.test(node.data.trim())) continue;
      range.selectNodeContents(node);
      if (range.getClientRects().length > 1) found.push(told("broken word", element));
    }
  }
  return found.slice(0, 4);
}"""


def violations(page: Page) -> list[str]:
    """What axe-core finds: everything in light, and in dark on a phone what that can change."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(Axe().axe_script)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    found: list[str] = page.evaluate(_FAULTS, {"type": "tag", "values": ALL})
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 800})
    found += page.evaluate(_FAULTS, {"type": "rule", "values": ON_A_PHONE})
    page.emulate_media(color_scheme="light")
    return found


def what_does_not_fit(page: Page) -> list[str]:
    """What is wider than the screen, cut off, or broken within a word, on a phone and wide."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{width}: {one}" for one in page.evaluate(_TOO_WIDE)]
    return found
