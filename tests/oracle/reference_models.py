"""Models in plain PyTorch with torchvision's architectures, names and printed forms."""

import torch
from torch import nn


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)


def way_past(inputs, outputs, stride):
    return None if inputs == outputs and stride == 1 else nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs, planes, stride=1):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, planes, 3, stride), nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2, self.bn2 = conv(planes, planes, 3), nn.BatchNorm2d(planes)
        self.downsample = way_past(inputs, planes, stride)

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (self.downsample(x) if self.downsample else x))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, planes, stride=1):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, planes, 1), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv(planes, planes, 3, stride), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = conv(planes, 4 * planes, 1), nn.BatchNorm2d(4 * planes)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = way_past(inputs, 4 * planes, stride)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    """`width` is 64 in torchvision."""

    def __init__(self, block, depths, classes, width=64):
        super().__init__()
        self.conv1, self.bn1 = conv(3, width, 7, 2), nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs = width
        for i, depth in enumerate(depths):
            planes = width * 2**i
            blocks = []
            for k in range(depth):
                blocks.append(block(inputs, planes, 2 if i > 0 and k == 0 else 1))
                inputs = planes * block.expansion
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def resnet18(classes, width=64):
    return ResNet(BasicBlock, (2, 2, 2, 2), classes, width)


def resnet34(classes):
    return ResNet(BasicBlock, (3, 4, 6, 3), classes)


def resnet50(classes):
    return ResNet(Bottleneck, (3, 4, 6, 3), classes)


class VGG(nn.Module):
    """`hidden` is 4096 in torchvision."""

    def __init__(self, depths, batch_norm, classes, hidden):
        super().__init__()
        layers, inputs = [], 3
        for depth, width in zip(depths, (64, 128, 256, 512, 512)):
            for _ in range(depth):
                layers += [nn.Conv2d(inputs, width, 3, padding=1)] + ([nn.BatchNorm2d(width)] if batch_norm else []) + [nn.ReLU(inplace=True)]
                inputs = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(nn.Linear(512 * 49, hidden), nn.ReLU(True), nn.Dropout(), nn.Linear(hidden, hidden), nn.ReLU(True), nn.Dropout(),
                                        nn.Linear(hidden, classes))

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def vgg11(classes, hidden=4096, batch_norm=False):
    return VGG((1, 1, 2, 2, 2), batch_norm, classes, hidden)


def vgg16(classes, hidden=4096, batch_norm=False):
    return VGG((2, 2, 3, 3, 3), batch_norm, classes, hidden)


class Conv2dNormActivation(nn.Sequential):
    def __init__(self, inputs, outputs, kernel, stride=1, groups=1):
        super().__init__(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs),
                         nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.adds = inputs == outputs and stride == 1
        self.conv = nn.Sequential(*([Conv2dNormActivation(inputs, hidden, 1)] if expansion != 1 else []), Conv2dNormActivation(hidden, hidden, 3, stride, hidden),
                                  nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, classes):
        super().__init__()
        layers, inputs = [Conv2dNormActivation(3, 32, 3, 2)], 32
        for expansion, outputs, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
            for k in range(count):
                layers.append(InvertedResidual(inputs, outputs, stride if k == 0 else 1, expansion))
                inputs = outputs
        self.features = nn.Sequential(*layers, Conv2dNormActivation(320, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class LeNet(nn.Module):
    def __init__(self, classes, channels=1):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.conv1(x).relu(), 2)
        x = nn.functional.max_pool2d(self.conv2(x).relu(), 2)
        x = nn.functional.adaptive_avg_pool2d(x, 5).flatten(1)
        return self.fc3(self.fc2(self.fc1(x).relu()).relu())


# The networks of MLPerf Tiny.


def normed_linear(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU())


def anomaly_autoencoder():
    widths = (640, 128, 128, 128, 128, 8, 128, 128, 128, 128)
    return nn.Sequential(*[normed_linear(*pair) for pair in zip(widths, widths[1:])], nn.Linear(128, 640))


def separable(inputs, outputs, stride):
    return nn.Sequential(nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False), nn.BatchNorm2d(inputs), nn.ReLU(),
                         nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def pooled(width, classes):
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)


def ds_cnn(classes=12, width=64):
    return nn.Sequential(nn.Conv2d(1, width, (10, 4), 2, (5, 1), bias=False), nn.BatchNorm2d(width), nn.ReLU(),
                         *[separable(width, width, 1) for _ in range(4)], *pooled(width, classes))


def mobilenet_v1(classes=2, width=8):
    layers, inputs = [conv(3, width, 3, 2), nn.BatchNorm2d(width), nn.ReLU()], width
    for outputs, stride in ((2, 1), (4, 2), (4, 1), (8, 2), (8, 1), (16, 2), *[(16, 1)] * 5, (32, 2), (32, 1)):
        layers.append(separable(inputs, outputs * width, stride))
        inputs = outputs * width
    return nn.Sequential(*layers, *pooled(inputs, classes))


def resnet8(classes=10, width=16):
    return nn.Sequential(conv(3, width, 3), nn.BatchNorm2d(width), nn.ReLU(),
                         BasicBlock(width, width), BasicBlock(width, 2 * width, 2), BasicBlock(2 * width, 4 * width, 2), *pooled(4 * width, classes))
