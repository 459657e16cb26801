"""ST-GCN in PyTorch, with dense graphs as its release has them."""
import torch
from torch import nn

WIDTHS = {
    "ssl": [(3, 16, 1), (16, 16, 1), (16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1),
            (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 256, 1)],
    "full": [(3, 64, 1), (64, 64, 1), (64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1),
             (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 256, 1)],
}
JOINTS, PERSONS, PARTITIONS = 25, 2, 3


class Unit(nn.Module):
    def __init__(self, c_in, c_out, stride, first):
        super().__init__()
        self.graph = nn.Conv2d(c_in, c_out * PARTITIONS, 1)
        self.importance = nn.Parameter(torch.ones(PARTITIONS, JOINTS, JOINTS))
        self.temporal = nn.Sequential(
            nn.BatchNorm2d(c_out), nn.ReLU(inplace=True),
            nn.Conv2d(c_out, c_out, (9, 1), (stride, 1), (4, 0)), nn.BatchNorm2d(c_out))
        if first:
            self.residual = None
        elif c_in == c_out and stride == 1:
            self.residual = nn.Identity()
        else:
            self.residual = nn.Sequential(nn.Conv2d(c_in, c_out, 1, (stride, 1)), nn.BatchNorm2d(c_out))

    def forward(self, x, adjacency):
        shortcut = 0 if self.residual is None else self.residual(x)
        y = self.graph(x)
        n, kc, t, v = y.shape
        y = y.view(n, PARTITIONS, kc // PARTITIONS, t, v)
        y = torch.einsum("nkctv,kvw->nctw", y, adjacency * self.importance)
        return torch.relu(self.temporal(y.contiguous()) + shortcut)


class StGcn(nn.Module):
    def __init__(self, width, channels_last):
        super().__init__()
        units = WIDTHS[width]
        self.channels_last = channels_last
        self.data_norm = nn.BatchNorm1d(3 * JOINTS)
        self.units = nn.ModuleList(Unit(*u, first=i == 0) for i, u in enumerate(units))
        self.features = units[-1][1]
        # as many non-zeros as the distance partition has
        a = torch.zeros(PARTITIONS, JOINTS, JOINTS)
        a[0] = torch.eye(JOINTS)
        for child in range(1, JOINTS):
            a[1, child, child // 2] = 0.5
            a[2, child // 2, child] = 0.5
        self.register_buffer("adjacency", a)

    def forward(self, x):
        """x is [N, M, T, V, C]; returns the features [N, D]."""
        n, m, t, v, c = x.shape
        x = self.data_norm(x.permute(0, 1, 3, 4, 2).reshape(n * m, v * c, t))
        x = x.view(n, m, v, c, t).permute(0, 1, 3, 4, 2).reshape(n * m, c, t, v)
        if self.channels_last:
            x = x.to(memory_format=torch.channels_last)
        for unit in self.units:
            x = unit(x, self.adjacency)
        return x.mean((2, 3)).view(n, m, -1).mean(1)
