"""Ends with 0 while the process of this container is ready: what a container engine asks every few seconds."""

import os
import sys
import urllib.error
import urllib.request

address = os.environ.get("CHAGUAN_METRICS_LISTEN", "127.0.0.1:9464")
try:
    with urllib.request.urlopen(f"http://{address}/ready", timeout=4) as answer:
        sys.exit(0 if answer.status == 200 else 1)
except (OSError, urllib.error.HTTPError) as error:
    sys.exit(f"not ready: {error}")
