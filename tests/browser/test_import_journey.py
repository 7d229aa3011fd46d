"""From a spreadsheet a colleague sent to records: upload, columns, check, write, take back, correct, write again."""

import csv
import io
import os
import secrets

HOME = "/admin/r/enterprise/import/"
PICTURES = os.environ.get("IMPORT_PICTURES")


def picture(page, name):
    if PICTURES:
        for width, theme in ((1440, "light"), (1440, "dark"), (360, "light")):
            page.set_viewport_size({"width": width, "height": 900 if width > 400 else 800})
            page.emulate_media(color_scheme=theme)
            page.screenshot(path=f"{PICTURES}/{name}-{width}-{theme}.png")
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light")


def over(page):
    """Wait until the run is over and the page is drawn anew."""
    page.wait_for_selector(".imp-sum", timeout=70_000)


def number(text):
    return int(text.strip().replace(",", ""))


def test_a_file_of_a_colleague_becomes_records(house, enter, tmp_path):
    mark = secrets.token_hex(3)
    heads = ["客户名称", "手机", "收录日期", "联系地址"]
    rows = [[f"{mark}商贸{turn}有限公司", f"1381234{turn:04}", "2024-1-5", f"上海市{turn}号"] for turn in range(12)]
    rows[3][1] = "138****5678"
    rows[7][0] = ""
    path = tmp_path / "招商 转入.csv"
    text = io.StringIO()
    csv.writer(text).writerows([heads, *rows])
    path.write_bytes(text.getvalue().encode("gb18030"))
    page = enter("archivist").open("/admin/r/customer/")
    page.click("summary:has-text('导入')")
    page.click(f".menu-sheet a[href='{HOME}']")
    picture(page, "1-start")
    page.set_input_files("#file", path)
    page.click(".imp-form button.go")
    page.wait_for_selector(".imp-map")
    assert page.input_value("#to_0") == "customer_name"
    assert page.input_value("#to_1") == ""
    page.select_option("#to_1", "phone")
    picture(page, "2-columns")
    page.click("form .slowbar button.go")
    over(page)
    picture(page, "3-check")
    assert [number(one) for one in page.locator(".is > b").all_inner_texts()] == [10, 2]
    assert page.locator(".doubt .why1").count() == 2
    assert house.store.data.r_customer.count_documents({"updated_by": house.actor("archivist").id}) == 0
    page.click(".rsn a >> nth=0")
    assert page.locator(".gridl tbody tr").count() == 1
    page.click(".chip a")
    page.click(".changeset button.go")
    over(page)
    picture(page, "4-result")
    assert [number(one) for one in page.locator(".is > b").all_inner_texts()] == [10, 2]
    with page.expect_download() as given:
        page.click(".changeset a[href$='failed']")
    corrected = given.value.path().read_text(encoding="utf-8-sig")
    assert given.value.suggested_filename == "招商 转入-未导入的行.csv"
    corrected = corrected.replace("138****5678", "13812345678").replace(",,13812340007", f",{mark}补名公司,13812340007")
    (tmp_path / "再次.csv").write_text(corrected, encoding="utf-8")
    page.click(".changeset a.go")
    page.set_input_files("#file", tmp_path / "再次.csv")
    page.click(".imp-form button.go")
    page.wait_for_selector(".imp-map")
    page.select_option("#to_1", "phone")
    page.click("form .slowbar button.go")
    over(page)
    assert [number(one) for one in page.locator(".is > b").all_inner_texts()] == [2, 0]
    page.click(".changeset button.go")
    over(page)
    page.goto(f"/admin/r/enterprise/?q={mark}")
    assert page.locator("table.list tbody tr").count() == 12
