"""The ways in and out: what may go through, to whom. No engine here has a network, so the documents are held."""

from typing import Any

import pytest

from tests.deploy.template import read, resources

WORKER = read("ecs.yaml")
ENDPOINTS = resources(WORKER, "AWS::EC2::VPCEndpoint")
ACCOUNT = {"Ref": "AWS::AccountId"}
THEIRS = {"aws:PrincipalAccount": ACCOUNT}
STREAM = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${MessageTableName}/stream/*"
LAYERS = "arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*"
PULL = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
]


@pytest.mark.parametrize(
    ("name", "service", "kind", "private", "condition"),
    [
        ("DynamoDBEndpoint", "dynamodb", "Gateway", None, "MakesGateway"),
        ("StreamsEndpoint", "dynamodb-streams", "Interface", False, "MakesStreamsEndpoint"),
        ("EcrApiEndpoint", "ecr.api", "Interface", True, "MakesAllEndpoints"),
        ("EcrDkrEndpoint", "ecr.dkr", "Interface", True, "MakesAllEndpoints"),
        ("LogsEndpoint", "logs", "Interface", True, "MakesAllEndpoints"),
        ("S3Endpoint", "s3", "Gateway", None, "MakesAllEndpoints"),
    ],
)
def test_an_endpoint_leads_where_it_should(name: str, service: str, kind: str, private: object, condition: str) -> None:
    """Streams have no private name (AWS, "AWS PrivateLink for DynamoDB Streams"); gateways have route tables."""
    made = ENDPOINTS[name]
    assert made["ServiceName"] == {"Fn::Sub": "com.amazonaws.${AWS::Region}." + service}
    assert (made["VpcEndpointType"], made.get("PrivateDnsEnabled")) == (kind, private)
    assert WORKER["Resources"][name]["Condition"] == condition
    if kind == "Interface":
        assert made["SecurityGroupIds"] == [{"Ref": "EndpointSecurityGroup"}]
        assert made["SubnetIds"] == {"Ref": "SubnetIds"}
    else:
        assert made["RouteTableIds"] == {"Ref": "RouteTableIds"}


@pytest.mark.parametrize(
    ("name", "actions", "resource", "condition"),
    [
        ("DynamoDBEndpoint", "dynamodb:*", "*", {**THEIRS, "aws:ResourceAccount": ACCOUNT}),
        ("EcrApiEndpoint", PULL, "*", THEIRS),
        ("EcrDkrEndpoint", PULL, "*", THEIRS),
        ("LogsEndpoint", ["logs:CreateLogStream", "logs:PutLogEvents"], "*", THEIRS),
        ("S3Endpoint", "s3:GetObject", {"Fn::Sub": LAYERS}, None),
    ],
)
def test_an_endpoint_lets_through_what_it_is_for(
    name: str, actions: object, resource: object, condition: object
) -> None:
    """Within the account; layers of images lie in a bucket of ECR's."""
    [statement] = ENDPOINTS[name]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Allow", actions, resource)
    assert statement.get("Condition", {}).get("StringEquals") == condition


def test_the_streams_endpoint_knows_what_the_role_knows() -> None:
    """The same actions on the same stream, for this account."""
    [statement] = ENDPOINTS["StreamsEndpoint"]["PolicyDocument"]["Statement"]
    [first, *_] = resources(WORKER, "AWS::IAM::Role")["WorkerTaskRole"]["Policies"]
    [allowed] = first["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (allowed["Action"], allowed["Resource"])
    assert statement["Resource"] == {"Fn::Sub": STREAM}
    assert statement["Condition"] == {"StringEquals": THEIRS}


def rules(group: dict[str, Any], way: str) -> list[tuple[object, ...]]:
    """(protocol, ports, whom) of each rule."""
    found = group.get(f"SecurityGroup{way}", [])
    whom = [rule.get("CidrIp") or rule["SourceSecurityGroupId"]["Ref"] for rule in found]
    return [
        (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"), who)
        for rule, who in zip(found, whom, strict=True)
    ]


@pytest.mark.parametrize(("name", "group"), [("ecs.yaml", "WorkerSecurityGroup"), ("app.yaml", "AppSecurityGroup")])
def test_tasks_are_where_they_were_put(name: str, group: str) -> None:
    """In the subnets that were given, behind their own group."""
    [service] = resources(read(name), "AWS::ECS::Service").values()
    assert service["NetworkConfiguration"]["AwsvpcConfiguration"] == {
        "Subnets": {"Ref": "SubnetIds"},
        "SecurityGroups": [{"Ref": group}],
        "AssignPublicIp": {"Ref": "AssignPublicIp"},
    }


def test_nobody_connects_to_the_worker() -> None:
    """Out by TLS; in from nobody. Its endpoints let it in, and say nothing themselves."""
    groups = resources(WORKER, "AWS::EC2::SecurityGroup")
    worker, endpoints = groups["WorkerSecurityGroup"], groups["EndpointSecurityGroup"]
    assert (rules(worker, "Ingress"), rules(worker, "Egress")) == ([], [("tcp", 443, 443, "0.0.0.0/0")])
    assert rules(endpoints, "Ingress") == [("tcp", 443, 443, "WorkerSecurityGroup")]
    assert rules(endpoints, "Egress") == [("-1", None, None, "127.0.0.1/32")]


def test_the_balancer_connects_to_the_application() -> None:
    """And the application to AWS by TLS, and to its database."""
    app = read("app.yaml")
    group = resources(app, "AWS::EC2::SecurityGroup")["AppSecurityGroup"]
    assert rules(group, "Ingress") == [("tcp", 4567, 4567, "LoadBalancerSecurityGroupId")]
    database = {"Ref": "DatabasePort"}
    assert rules(group, "Egress") == [("tcp", 443, 443, "0.0.0.0/0"), ("tcp", database, database, "0.0.0.0/0")]
    ingress = resources(app, "AWS::EC2::SecurityGroupIngress")["EndpointIngress"]
    assert (ingress["FromPort"], ingress["ToPort"]) == (443, 443)
    assert ingress["SourceSecurityGroupId"] == {"Ref": "AppSecurityGroup"}
