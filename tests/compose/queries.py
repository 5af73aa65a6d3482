"""Runs in the compose network: each query of the dashboard (on stdin) against the real Prometheus.

Waits until Prometheus has scraped twice; every query has to be understood, the alarms loaded.
"""

import json
import sys
import time
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen


def ask(path: str, **what: str) -> dict:
    """The `data` of an answer."""
    with urlopen(f"http://prometheus:9090/api/v1/{path}?{urlencode(what)}", timeout=10) as answer:
        return json.load(answer)["data"]


ends_at = time.monotonic() + 120
while True:
    try:
        if ask("query", query="count_over_time(up[5m])")["result"][0]["value"][1] >= "2":
            break
    except (OSError, LookupError):
        pass
    if time.monotonic() > ends_at:
        sys.exit("Prometheus has scraped nothing within two minutes")
    time.sleep(2)
if ask("query", query="up")["result"][0]["value"][1] != "1":
    sys.exit("Prometheus cannot read /metrics")
rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
if not rules or any(rule["health"] == "err" for rule in rules):
    sys.exit(f"the alarms: {[(rule['name'], rule.get('lastError')) for rule in rules]}")
empty = []
panels = json.load(sys.stdin)["panels"]
queries = [target["expr"] for panel in panels for target in panel["targets"]]
for query in queries:
    try:
        if not ask("query", query=query.replace("$__rate_interval", "5m"))["result"]:
            empty.append(query)
    except HTTPError as error:
        sys.exit(f"{query}: {error.read().decode()}")
firing = [rule["name"] for rule in rules if rule.get("state") == "firing"]
sys.stdout.write(
    f"{len(queries)} queries, {len(queries) - len(empty)} with data; {len(rules)} alarms, "
    f"firing: {', '.join(firing) or 'none'}; without data: {empty}\n"
)
