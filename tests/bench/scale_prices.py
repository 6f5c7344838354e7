"""What AWS asks for and what it allows, each with where it is said: us-east-1, list prices, as read in November 2026.

Free tiers, savings plans, reserved capacity and taxes are left out: they only make it less (taxes apart).
"""

from dataclasses import dataclass

HOURS = 730  # a month, as AWS's own calculator counts
SECONDS = HOURS * 3600
GB = 2**30


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for one `unit`."""

    dollars: float
    unit: str
    source: str


_DYNAMODB = "AWS, Amazon DynamoDB pricing, on-demand capacity"
_FARGATE = "AWS, AWS Fargate pricing, Linux/ARM"
_PRIVATELINK = "AWS, AWS PrivateLink pricing"
_CLOUDWATCH = "AWS, Amazon CloudWatch pricing"

WRITE_UNIT = Price(0.625e-6, "write request unit", _DYNAMODB)
READ_UNIT = Price(0.125e-6, "read request unit", _DYNAMODB)
STORED = Price(0.25, "GB-month stored", _DYNAMODB)
BACKED_UP = Price(0.20, "GB-month with point-in-time recovery", _DYNAMODB)
STREAM_READ = Price(0.2e-6, "GetRecords", _DYNAMODB)
VCPU = Price(0.03238, "vCPU-hour", _FARGATE)
MEMORY = Price(0.00356, "GB-hour", _FARGATE)
ENDPOINT = Price(0.01, "interface endpoint, zone and hour", _PRIVATELINK)
ENDPOINT_GB = Price(0.01, "GB through an interface endpoint", _PRIVATELINK)
LOG_GB = Price(0.50, "GB of log taken in", _CLOUDWATCH)
METRIC = Price(0.30, "metric of one's own", _CLOUDWATCH)
ALARM_METRIC = Price(0.10, "metric that an alarm watches", _CLOUDWATCH)
DASHBOARD = Price(3.00, "dashboard", _CLOUDWATCH)

PRICES = (
    WRITE_UNIT,
    READ_UNIT,
    STORED,
    BACKED_UP,
    STREAM_READ,
    VCPU,
    MEMORY,
    ENDPOINT,
    ENDPOINT_GB,
    LOG_GB,
    METRIC,
    ALARM_METRIC,
    DASHBOARD,
)


@dataclass(frozen=True, slots=True)
class Limit:
    """What AWS allows, or how it works."""

    value: float
    what: str
    source: str


_QUOTAS = "AWS, Quotas in Amazon DynamoDB"

PARTITION_WRITES = Limit(1000, "write units a second of one partition", "AWS, Designing partition keys")
PARTITION_READS = Limit(3000, "read units a second of one partition", "AWS, Designing partition keys")
PARTITION_GB = Limit(10, "GB in one partition, about", "what practitioners say; not in AWS's reference")
FIRST_PARTITIONS = Limit(
    4, "partitions of a new on-demand table: it bears 4,000 writes a second", "AWS, On-demand mode"
)
TABLE_WRITES = Limit(40_000, "write units a second of a table, until raised on request", _QUOTAS)
PAGE = Limit(1000, "records of one GetRecords, or 1 MB", "AWS, GetRecords")
READERS = Limit(2, "readers of one shard", _QUOTAS)
ACTIONS = Limit(100, "actions of a transaction", "AWS, TransactWriteItems")
LISTINGS = Limit(10, "DescribeStream a second, of 100 shards each", "AWS, DescribeStream")
OVERHEAD = Limit(100, "bytes that storage adds to an item, and to its copy in an index", "AWS, Item sizes and formats")
EVENT = Limit(26, "bytes that CloudWatch Logs adds to a line", "AWS, CloudWatch Logs quotas")

LIMITS = (
    PARTITION_WRITES,
    PARTITION_READS,
    PARTITION_GB,
    FIRST_PARTITIONS,
    TABLE_WRITES,
    PAGE,
    READERS,
    ACTIONS,
    LISTINGS,
    OVERHEAD,
    EVENT,
)
