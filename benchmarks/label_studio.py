"""Whether Label Studio's own library takes what `askwell label` writes: `python benchmarks/label_studio.py URL`.

It needs `label-studio-sdk`, which asks for an older NumPy than ours: give it an environment of its own
(`python -m venv /tmp/ls && /tmp/ls/bin/pip install label-studio-sdk`).
"""

import json
import sys
from urllib.request import Request, urlopen

from label_studio_sdk.label_interface import LabelInterface
from label_studio_sdk.label_interface.objects import PredictionValue


def call(url: str, body: object = None) -> object:
    """What the server answers."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, {"Content-Type": "application/json"})) as answer:
        return json.load(answer)


def main(url: str) -> None:
    """Validate tasks, annotations and predictions; send an annotation as Label Studio does."""
    url = url.rstrip("/")
    classes = call(f"{url}/api/batch?annotator=label-studio")["classes"]
    choices = "".join(f'<Choice value="{name}"/>' for name in classes)
    config = f'<View><Text name="item" value="$text"/><Choices name="label" toName="item">{choices}</Choices></View>'
    schema = LabelInterface(config)
    schema.validate()
    assert call(f"{url}/health")["status"] == "UP"
    call(f"{url}/setup", {"project": "1", "schema": config})

    tasks = call(f"{url}/api/export?format=label-studio")
    wrong = [note for task in tasks for note in task["annotations"] if not schema.validate_annotation(note)]
    assert not wrong, wrong[0]
    print(f"{len(tasks)} exported tasks: every annotation is valid for {type(schema).__name__}.")

    asked = [{"id": at, "data": task["data"]} for at, task in enumerate(tasks)]
    found = call(f"{url}/predict", {"tasks": asked, "label_config": config})["results"]
    for one in found:
        PredictionValue(**one)
        said = schema.validate_prediction(one, return_errors=True)
        assert not said, said
    print(f"{len(found)} predictions: every one is valid.")

    note = {**schema.generate_sample_annotation(), "completed_by": 1, "lead_time": 2.5}
    sent = {"action": "ANNOTATION_CREATED", "task": asked[0], "annotation": note, "project": {"id": 1}}
    print(f"An annotation as the library makes it is taken: {call(f'{url}/webhook', sent)}.")


if __name__ == "__main__":
    main(sys.argv[1])
