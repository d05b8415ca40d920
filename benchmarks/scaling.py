"""Time and peak memory of `askwell compare` as the number of splits doubles, each in a process of its own.

python benchmarks/scaling.py [dataset]
"""

import json
import subprocess
import sys

RUN = """
import json, resource, sys
import askwell
result = askwell.compare(sys.argv[1], strategies=["random", "margin", "uherding"], splits=int(sys.argv[2]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([result.run_seconds, result.compile_seconds, peak]))
"""


def main(dataset: str = "digits") -> None:
    """Print seconds and MiB for 20, 40, 80 and 160 splits."""
    print(f"{dataset}: {'splits':>6} {'play s':>8} {'compile s':>10} {'peak MiB':>9}")
    for splits in (20, 40, 80, 160):
        command = [sys.executable, "-c", RUN, dataset, str(splits)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        play, compiling, peak = json.loads(out.splitlines()[-1])
        print(f"{'':{len(dataset)}}  {splits:6d} {play:8.1f} {compiling:10.1f} {peak:9.0f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
