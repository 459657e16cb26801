"""ST-GCN, 2s-AGCN and CTR-GCN in PyTorch, with the names and shapes of their published state dictionaries.

Written from the papers (Yan et al. AAAI 2018; Shi et al. CVPR 2019; Chen et al. ICCV 2021) and the unit tables of their
releases. All read [N, M, T, V, C] and give features [N, D]; `head` adds a linear classifier `fc`, which features do not pass.
"""
import torch
from torch import nn

SSL = [(16, 1)] * 4 + [(32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (256, 1)]
FULL = [(64, 1)] * 4 + [(128, 2)] + [(128, 1)] * 2 + [(256, 2)] + [(256, 1)] * 2
# (joint, neighbour towards the centre), counted from 0
NTU_CENTRE = 20
NTU = [(0, 1), (1, 20), (2, 20), (3, 2), (4, 20), (5, 4), (6, 5), (7, 6), (8, 20), (9, 8), (10, 9), (11, 10), (12, 0),
       (13, 12), (14, 13), (15, 14), (16, 0), (17, 16), (18, 17), (19, 18), (21, 22), (22, 7), (23, 24), (24, 11)]


def column_normalised(graph):
    total = graph.sum(0, keepdim=True)
    return torch.where(total > 0, graph / total.clamp(min=1), graph)


def inward(edges):
    joints = len(edges) + 1
    graph = torch.zeros(joints, joints)
    for joint, neighbour in edges:
        graph[neighbour, joint] = 1
    return graph


def graph_of_agcn(edges):
    """The joint itself, its neighbour towards the centre, its neighbours away from it."""
    towards = inward(edges)
    return torch.stack([torch.eye(len(towards)), column_normalised(towards), column_normalised(towards.T)])


def graph_of_stgcn(edges, centre):
    """The same as ST-GCN's code has it: what lies beyond the centre's neighbours counts as equally far from it."""
    towards = inward(edges)
    near = towards + towards.T
    weights = column_normalised(near + torch.eye(len(near)))
    distance = torch.full((len(near),), 2.0)
    distance[near[centre] > 0] = 1
    distance[centre] = 0
    nearer = distance[:, None] < distance[None, :]
    return torch.stack([torch.diag(weights.diag()), weights * near * ~nearer, weights * near * nearer])


def pointwise(c_in, c_out, stride=1):
    return nn.Conv2d(c_in, c_out, 1, (stride, 1))


class ConvNorm(nn.Module):
    def __init__(self, c_in, c_out, taps=1, stride=1, dilation=1):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, (taps, 1), (stride, 1), (taps // 2 * dilation, 0), (dilation, 1))
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x):
        return self.bn(self.conv(x))


def shortcut(module, x):
    return x if module is None else module(x)


class Network(nn.Module):
    """Batch norm of the input over `persons` (or over each alone), units, average over frames, joints and persons."""

    def __init__(self, units, joints, persons, head):
        super().__init__()
        self.persons = persons
        self.data_bn = nn.BatchNorm1d((persons or 1) * joints * 3)
        if head:
            self.fc = nn.Linear(units[-1][0], head)

    def forward(self, x):
        n, m, t, v, c = x.shape
        together = m if self.persons else 1
        x = x.permute(0, 1, 3, 4, 2).reshape(n * m // together, together * v * c, t)
        x = self.data_bn(x).reshape(n * m, v, c, t).permute(0, 2, 3, 1)
        return self.layers(x).mean((2, 3)).reshape(n, m, -1).mean(1)


class GraphConvolution(nn.Module):
    def __init__(self, c_in, c_out, subsets):
        super().__init__()
        self.conv = pointwise(c_in, c_out * subsets)

    def forward(self, x, graph):
        y = self.conv(x).unflatten(1, (len(graph), -1))
        return torch.einsum("bkctv,kvw->bctw", y, graph)


class StGcnUnit(nn.Module):
    def __init__(self, c_in, c_out, stride, subsets, first):
        super().__init__()
        self.gcn = GraphConvolution(c_in, c_out, subsets)
        temporal = nn.Conv2d(c_out, c_out, (9, 1), (stride, 1), (4, 0))
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(c_out), nn.ReLU(), temporal, nn.BatchNorm2d(c_out), nn.Dropout(0.0 if first else 0.5))
        self.first, self.residual = first, None
        if not first and (c_in != c_out or stride != 1):
            self.residual = nn.Sequential(pointwise(c_in, c_out, stride), nn.BatchNorm2d(c_out))

    def forward(self, x, graph):
        y = self.tcn(self.gcn(x, graph))
        return torch.relu(y if self.first else y + shortcut(self.residual, x))


class StGcn(Network):
    def __init__(self, units, graph, persons=2, head=None):
        super().__init__(units, graph.shape[1], None, head)
        self.register_buffer("A", graph)
        widths = [3] + [c for c, _ in units]
        self.st_gcn_networks = nn.ModuleList(
            StGcnUnit(widths[i], c, stride, len(graph), i == 0) for i, (c, stride) in enumerate(units))
        self.edge_importance = nn.ParameterList(nn.Parameter(torch.ones_like(graph)) for _ in units)

    def layers(self, x):
        for unit, importance in zip(self.st_gcn_networks, self.edge_importance):
            x = unit(x, self.A * importance)
        return x


class AdaptiveConvolution(nn.Module):
    def __init__(self, c_in, c_out, graph):
        super().__init__()
        each = range(len(graph))
        self.graph = [graph]  # as released, no part of the state
        self.PA = nn.Parameter(torch.full_like(graph, 1e-6))
        self.conv_a = nn.ModuleList(pointwise(c_in, c_out // 4) for _ in each)
        self.conv_b = nn.ModuleList(pointwise(c_in, c_out // 4) for _ in each)
        self.conv_d = nn.ModuleList(pointwise(c_in, c_out) for _ in each)
        self.down = nn.Sequential(pointwise(c_in, c_out), nn.BatchNorm2d(c_out)) if c_in != c_out else None
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x):
        y = 0
        for fixed, a, b, d in zip(self.graph[0] + self.PA, self.conv_a, self.conv_b, self.conv_d):
            theta, phi = a(x), b(x)
            products = torch.einsum("betv,betw->bvw", theta, phi) / (theta.shape[1] * theta.shape[2])
            y = y + d(torch.einsum("bctv,bvw->bctw", x, fixed + products.softmax(1)))
        return torch.relu(self.bn(y) + shortcut(self.down, x))


class AgcnUnit(nn.Module):
    def __init__(self, c_in, c_out, stride, graph, first):
        super().__init__()
        self.gcn1 = AdaptiveConvolution(c_in, c_out, graph)
        self.tcn1 = ConvNorm(c_out, c_out, 9, stride)
        self.first = first
        projects = not first and (c_in != c_out or stride != 1)
        self.residual = ConvNorm(c_in, c_out, 1, stride) if projects else None

    def forward(self, x):
        y = self.tcn1(self.gcn1(x))
        return torch.relu(y if self.first else y + shortcut(self.residual, x))


class Numbered(Network):
    """A network whose units are `l1`, `l2`, ..."""

    unit = None

    def __init__(self, units, graph, persons=2, head=None):
        super().__init__(units, graph.shape[1], persons, head)
        c_in = 3
        for i, (c_out, stride) in enumerate(units):
            self.add_module(f"l{i + 1}", self.unit(c_in, c_out, stride, graph, i == 0))
            c_in = c_out
        self.depth = len(units)

    def layers(self, x):
        for i in range(self.depth):
            x = getattr(self, f"l{i + 1}")(x)
        return x


class Agcn(Numbered):
    unit = AgcnUnit


class Refinement(nn.Module):
    """Convolution over one subset's graphs, which each channel refines (equations 4 to 6)."""

    def __init__(self, c_in, c_out, relations):
        super().__init__()
        self.conv1 = pointwise(c_in, relations)
        self.conv2 = pointwise(c_in, relations)
        self.conv3 = pointwise(c_in, c_out)
        self.conv4 = pointwise(relations, c_out)

    def forward(self, x, shared, alpha):
        relations = self.conv1(x).mean(2)[..., None] - self.conv2(x).mean(2)[..., None, :]
        graph = shared + alpha * self.conv4(relations.tanh())
        return torch.einsum("bduv,bdtv->bdtu", graph, self.conv3(x))


class RefinedConvolution(nn.Module):
    def __init__(self, c_in, c_out, relations, graph):
        super().__init__()
        self.convs = nn.ModuleList(Refinement(c_in, c_out, relations) for _ in graph)
        self.PA = nn.Parameter(graph.clone())
        self.alpha = nn.Parameter(torch.zeros(1))
        self.down = nn.Sequential(pointwise(c_in, c_out), nn.BatchNorm2d(c_out)) if c_in != c_out else None
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x):
        y = sum(subset(x, shared, self.alpha) for subset, shared in zip(self.convs, self.PA))
        return torch.relu(self.bn(y) + shortcut(self.down, x))


class Branches(nn.Module):
    """Two dilated convolutions, a maximum and a plain convolution side by side."""

    def __init__(self, c, stride):
        super().__init__()
        width = c // 4

        def reduced(*further):
            return nn.Sequential(pointwise(c, width), nn.BatchNorm2d(width), nn.ReLU(), *further)

        largest = nn.MaxPool2d((3, 1), (stride, 1), (1, 0))
        self.branches = nn.ModuleList(
            [reduced(ConvNorm(width, width, 5, stride, dilation)) for dilation in (1, 2)]
            + [reduced(largest, nn.BatchNorm2d(width))]
            + [nn.Sequential(pointwise(c, width, stride), nn.BatchNorm2d(width))])

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


class CtrGcnUnit(nn.Module):
    def __init__(self, c_in, c_out, stride, graph, first):
        super().__init__()
        self.gcn1 = RefinedConvolution(c_in, c_out, 8 if first else c_in // 8, graph)
        self.tcn1 = Branches(c_out, stride)
        self.first = first
        projects = not first and (c_in != c_out or stride != 1)
        self.residual = ConvNorm(c_in, c_out, 1, stride) if projects else None

    def forward(self, x):
        y = self.tcn1(self.gcn1(x))
        return torch.relu(y if self.first else y + shortcut(self.residual, x))


class CtrGcn(Numbered):
    unit = CtrGcnUnit


def randomise(net):
    """Random weights and running statistics, so that no tensor can stand for another; features stay about 1."""
    with torch.no_grad():
        for path, module in net.named_modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.weight.normal_(0.7, 0.2)
                module.bias.normal_(0, 0.2)
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 1.5)
                module.num_batches_tracked.fill_(7)
            elif isinstance(module, nn.Conv2d):
                # Those of the subsets of a graph are added up.
                share = 1 / 3 if "gcn.conv" in path or "conv_d" in path or "conv3" in path else 1
                module.weight.normal_(0, share * module.weight[0].numel() ** -0.5)
                module.bias.normal_(0, 0.2)
        for name, value in net.named_parameters():
            last = name.split(".")[-1]
            if "edge_importance" in name or last in ("PA", "alpha"):
                value.add_(torch.randn(value.shape) * 0.2)
    return net.eval()
