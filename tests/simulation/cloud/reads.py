"""What is read, item by item: others may act between two items of one answer."""

from shared.dynamo import Answer
from shared.keys import ROW
from shared.models import Item
from tests.simulation.cloud.cloud import Cloud
from tests.simulation.cloud.expressions import Request, holds, projected, wanted
from tests.simulation.cloud.index import group_of


class Reads:
    """The reading operations, by boto3's names."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def get_item(self, request: Request) -> Answer:
        """Strongly consistent."""
        assert request.get("ConsistentRead"), "whoever reads one item wants to know"
        key = request["Key"]
        item = self._cloud.database.get(request["TableName"], (key["pk"]["S"], key["sk"]["S"]))
        return {"Item": item} if item else {}

    def batch_get_item(self, request: Request) -> Answer:
        """Consistent per item only; what is not served must be asked for again."""
        ((table, wish),) = request["RequestItems"].items()
        assert wish["ConsistentRead"], "a hint is verified by a strong read"
        keys, cut = wish["Keys"], len(wish["Keys"])
        if self._cloud.dice.random() < self._cloud.rates.unprocessed:
            cut = int(self._cloud.dice.random() * len(keys))
        found = [self._one(table, key) for key in keys[:cut]]
        left = {table: {**wish, "Keys": keys[cut:]}} if cut < len(keys) else {}
        return {"Responses": {table: [item for item in found if item]}, "UnprocessedKeys": left}

    def _one(self, table: str, key: Item) -> Item | None:
        if self._cloud.rates.torn:
            self._tear()
        return self._cloud.database.get(table, (key["pk"]["S"], key["sk"]["S"]))

    def query(self, request: Request) -> Answer:
        """A partition, or a group of the index."""
        if "IndexName" in request:
            return self._query_index(request)
        assert request.get("ConsistentRead"), "only hints are read weakly"
        limit = min(request.get("Limit", self._cloud.rates.page), self._cloud.rates.page)
        pk, least = wanted(request)
        before = self._groups_in(request, pk)
        page = self._page(request, pk, least, limit)
        if len(page) == limit:  # a full page names its last key, even if nothing follows
            return {"Items": _chosen(page, request), "LastEvaluatedKey": _only(page[-1], "pk", "sk")}
        missed = before and before & self._groups_in(request, pk) - set(map(group_of, page))
        if missed and "ExclusiveStartKey" not in request:
            self._cloud.diary.sometimes("query passed a row that moved")
        return {"Items": _chosen(page, request)}

    def _query_index(self, request: Request) -> Answer:
        group, _ = wanted(request)
        rows = self._cloud.index.rows(group)
        if self._cloud.index.lacks(group):
            self._cloud.diary.sometimes("index was stale")
        return {"Items": [projected(request, row) for row in rows]}

    def _groups_in(self, request: Request, pk: str) -> set[str]:
        """The groups whose rows stand in the partition that is read, now."""
        if not self._cloud.rates.torn or not pk.startswith(ROW):
            return set()
        items = self._cloud.database.partition(request["TableName"], pk)
        return {group_of(item) for item in items.values()} - {""}

    def _page(self, request: Request, pk: str, least: str, limit: int) -> list[Item]:
        """The items of a partition one by one: what moves to a place already passed is not seen (read-committed)."""
        place = request.get("ExclusiveStartKey", {}).get("sk", {}).get("S")
        forward, page, is_whole = request.get("ScanIndexForward", True), list[Item](), False
        while not is_whole:
            items, is_whole = self._cloud.database.partition(request["TableName"], pk), True
            left = [sk for sk in items if sk >= least and (place is None or (sk > place if forward else sk < place))]
            for place in sorted(left, reverse=not forward):
                page.append(items[place])
                if len(page) == limit:
                    return page
                if self._cloud.rates.torn and self._tear():
                    is_whole = False
                    break
        return page

    def scan(self, request: Request) -> Answer:
        """The whole index, page by page."""
        assert request["IndexName"], "only the index is walked through"
        start = request.get("ExclusiveStartKey")
        rows = [row for row in self._cloud.index.all() if start is None or _place(row) > _place(start)]
        limit = min(request["Limit"], self._cloud.rates.page)
        page = rows[:limit]
        last = [_only(row, "pk", "sk", "message_group_uuid") for row in page[-1:] if len(page) == limit]
        more = {"LastEvaluatedKey": last[0]} if last else {}
        return {"Items": [projected(request, row) for row in page], **more}

    def _tear(self) -> bool:
        """Between two reads of one answer; whether others have acted."""
        if is_torn := self._cloud.dice.random() < self._cloud.rates.torn:
            self._cloud.scheduler.point()
        return is_torn


def _chosen(page: list[Item], request: Request) -> list[Item]:
    if "FilterExpression" not in request and "ProjectionExpression" not in request:
        return page
    return [projected(request, item) for item in page if holds(request, item, "FilterExpression")]


def _only(item: Item, *names: str) -> Item:
    return {name: item[name] for name in names}


def _place(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
