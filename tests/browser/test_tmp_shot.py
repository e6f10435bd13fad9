from tests.browser.test_queue_keys import session, write
def test_shot(browser, service, articles, session, axe):
    write(service, articles, "shotword", 3)
    for w in (320, 1280):
        c = browser.new_context(viewport={"width": w, "height": 900}, storage_state=session)
        p = c.new_page(); p.goto(f"{service.url}/admin/?q=shotword")
        p.keyboard.press("x"); p.keyboard.press("h"); p.locator("details.all summary").click()
        p.wait_for_timeout(500); p.screenshot(path=f"/tmp/q{w}.png", full_page=True)
        print(axe(p), p.evaluate("document.documentElement.scrollWidth <= innerWidth"))
        p.locator(".entry").first.focus(); p.keyboard.press("b"); p.wait_for_timeout(300); p.screenshot(path=f"/tmp/b{w}.png")
        p.goto(f"{service.url}/admin/blocks"); p.screenshot(path=f"/tmp/l{w}.png", full_page=True)
        print(axe(p), p.evaluate("document.documentElement.scrollWidth <= innerWidth"))
        c.close()
