"""What the processes of one deployment tell each other while they run. Nothing here lasts: the log does."""

from chaguan.infra.broker.dialing import probe
from chaguan.infra.broker.memory import Exchange, MemoryBroker
from chaguan.infra.broker.place import RedisPlace, parse_redis_url
from chaguan.infra.broker.port import Broker, OnLink, OnMessage
from chaguan.infra.broker.redis import RedisBroker
from chaguan.infra.broker.wire import LinkLost

__all__ = [
    "Broker",
    "Exchange",
    "LinkLost",
    "MemoryBroker",
    "OnLink",
    "OnMessage",
    "RedisBroker",
    "RedisPlace",
    "open_broker",
    "parse_redis_url",
    "probe",
]


def open_broker(redis_url: str, namespace: str) -> Broker:
    """`namespace` keeps deployments apart that share a Redis; a restored one must not hear its former self."""
    if not redis_url:
        return MemoryBroker(Exchange())
    return RedisBroker(parse_redis_url(redis_url), namespace)
