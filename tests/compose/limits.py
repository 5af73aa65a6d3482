"""Reads `docker inspect` of the containers from stdin and tells what they may do too much."""

import json
import sys

READ_ONLY = {"redis", "migrate", "worker", "sweeper", "beat", "web", "prometheus", "grafana"}
OURS = {"migrate", "worker", "sweeper", "beat", "web"}
PUBLISHED = {"web": "8321/tcp", "grafana": "3000/tcp"}

problems = []
seen = set()
for container in json.load(sys.stdin):
    service = container["Config"]["Labels"]["com.docker.compose.service"]
    if service == "news":  # the test's own
        continue
    seen.add(service)
    host = container["HostConfig"]
    ports = host["PortBindings"] or {}
    expected = {
        "no memory limit": host["Memory"] > 0,
        "no log rotation": host["LogConfig"]["Type"] == "json-file"
        and host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"},
        "may gain privileges": "no-new-privileges:true" in host["SecurityOpt"],
        "is privileged": not host["Privileged"],
        "is not restarted": service == "migrate"
        or host["RestartPolicy"]["Name"] == "unless-stopped",
        "publishes more than its pages on loopback": all(
            port == PUBLISHED.get(service) and binding["HostIp"] == "127.0.0.1"
            for port, bindings in ports.items()
            for binding in bindings
        ),
        "its root file system can be written": service not in READ_ONLY or host["ReadonlyRootfs"],
        "has capabilities": service == "postgres" or host["CapDrop"] == ["ALL"],
        "runs as root": service not in OURS or container["Config"]["User"] == "10001:10001",
        "has no tmpfs": service not in OURS or "/tmp" in (host["Tmpfs"] or {}),
        "has no health check": service in ("migrate", "prometheus", "grafana")
        or container["Config"].get("Healthcheck"),
        "a secret among its arguments": not any(
            secret in " ".join([container["Path"], *container["Args"]]) for secret in sys.argv[1:]
        ),
    }
    problems += [f"{service}: {problem}" for problem, is_well in expected.items() if not is_well]
missing = {"redis", "postgres", "worker", "sweeper", "beat", "web"} - seen
sys.exit("\n".join(problems + [f"{service} is not there" for service in sorted(missing)]) or 0)
