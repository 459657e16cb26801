//! Motion capture: AMC with its ASF, and BVH.

use skeleton_data::formats::Format;

use crate::{Case, HTML, PNG, ZEROS, lines, own, replaced, tenths};

pub(crate) fn good() -> Vec<Case> {
    vec![amc("good", ASF, AMC), bvh("good", BVH)]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = asf_cases();
    cases.extend(amc_cases());
    cases.extend(bvh_cases());
    cases
}

const ASF: &str = "\
:version 1.10
:name made-up
:units
  length 0.45
  angle deg
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    id 1
    name neck
    direction 0 1 0
    length 9
    axis 0 0 0 XYZ
    dof rx ry rz
  end
  begin
    id 2
    name head
    direction 0 1 0
    length 3
    axis 0 0 0 XYZ
    dof rx
  end
:hierarchy
  begin
    root neck
    neck head
  end
";

const AMC: &str = "\
:FULLY-SPECIFIED
:DEGREES
1
root 0 17 0 10 20 30
neck 1.5 2.5 3.5
head 12.5
2
root 0 17 0 10 20 30
neck 1.5 2.5 3.5
head 13.5
";

fn amc(name: &'static str, skeleton: impl Into<Vec<u8>>, motion: impl Into<Vec<u8>>) -> Case {
    let case = Case::new(Format::Amc, name, "01_01.amc", motion);
    case.with("01.asf", skeleton).layout(own())
}

fn asf_cases() -> Vec<Case> {
    let skeleton = |name, from, to| amc(name, replaced(ASF, from, to), AMC);
    vec![
        Case::new(Format::Amc, "no skeleton", "01_01.amc", AMC),
        Case::new(Format::Amc, "a skeleton without a motion", "01.asf", ASF),
        Case::new(
            Format::Amc,
            "not the 31 joints of CMU, and no layout given",
            "01_01.amc",
            AMC,
        )
        .with("01.asf", ASF),
        amc("an empty skeleton", "", AMC),
        amc("a page of a server for the skeleton", HTML, AMC),
        amc("a skeleton of nothing but zero bytes", ZEROS, AMC),
        amc("a skeleton that was cut off", lines(ASF, 23), AMC),
        skeleton(
            "a skeleton without its unit of length",
            "  length 0.45\n",
            "",
        ),
        skeleton(
            "a skeleton in an unknown unit of angles",
            "angle deg",
            "angle degrees",
        ),
        skeleton(
            "a direction that is no unit vector",
            "direction 0 1 0",
            "direction 0 45 0",
        ),
        skeleton("a bone that hangs on nothing", "neck head", "spine head"),
        skeleton(
            "a bone that the hierarchy leaves out",
            "    neck head\n",
            "",
        ),
        skeleton("two bones of one name", "name head", "name neck"),
        skeleton(
            "a layout with a joint that is no bone",
            "name head",
            "name skull",
        )
        .with("01.asf", ASF.replace("head", "skull")),
    ]
}

fn amc_cases() -> Vec<Case> {
    let motion = |name, from, to| amc(name, ASF, replaced(AMC, from, to));
    vec![
        amc("an empty motion", ASF, ""),
        amc("a page of a server in its place", ASF, HTML),
        amc("a picture under its name", ASF, PNG),
        amc("nothing but zero bytes", ASF, ZEROS),
        amc("cut off within a frame", ASF, lines(AMC, 9)),
        amc("cut off within a line", ASF, lines(AMC, 8) + "neck 1.5 2."),
        amc("no frames", ASF, lines(AMC, 2)),
        motion("a bone of another skeleton", "head", "skull"),
        motion("a value too few", "neck 1.5 2.5 3.5", "neck 1.5 2.5"),
        motion("a value that is NaN", "12.5", "nan"),
        motion("decimal commas", "12.5", "12,5"),
        motion("a frame that was lost", "\n2\n", "\n3\n"),
        motion("a root beyond any room", "root 0 17", "root 0 17e9"),
        motion("a bone twice in a frame", "head 12.5", "neck 1 2 3"),
    ]
}

const BVH: &str = "\
HIERARCHY
ROOT root
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT neck
  {
    OFFSET 0 0.5 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 0.25 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0083333
0 0.9 0 10 20 30 1.5 2.5 3.5
0 0.9 0 10 20 30 1.5 2.5 4.5
";

fn bvh(name: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
    Case::new(Format::Bvh, name, "walk.bvh", bytes)
}

fn bvh_cases() -> Vec<Case> {
    let file = |name, from, to| bvh(name, replaced(BVH, from, to));
    vec![
        bvh("an empty file", ""),
        bvh("a page of a server in its place", HTML),
        bvh("a picture under its name", PNG),
        bvh("nothing but zero bytes", ZEROS),
        bvh("cut off within the hierarchy", lines(BVH, 12)),
        bvh("cut off before the motion", lines(BVH, 15)),
        bvh("cut off within a frame", tenths(BVH, 9)),
        file(
            "a frame less than its header counts",
            "Frames: 2",
            "Frames: 3",
        ),
        file(
            "a frame more than its header counts",
            "Frames: 2",
            "Frames: 1",
        ),
        file(
            "a header that promises a million frames",
            "Frames: 2",
            "Frames: 1000000",
        ),
        file("no frames", "Frames: 2", "Frames: 0"),
        file("a frame time of zero", "0.0083333", "0"),
        file("a value that is NaN", "4.5", "nan"),
        file("decimal commas", "4.5", "4,5"),
        file("a value too few", " 4.5", ""),
        file("a root beyond any room", "0 0.9 0", "0 9e9 0"),
        file(
            "a channel that there is not",
            "Zrotation Xrotation Yrotation\n  JOINT",
            "Wrotation Xrotation Yrotation\n  JOINT",
        ),
        file(
            "fewer channels than their number",
            "CHANNELS 3 Zrotation ",
            "CHANNELS 3 ",
        ),
        file("a joint without an offset", "    OFFSET 0 0.5 0\n", ""),
        file("two joints of one name", "JOINT neck", "JOINT root"),
        file("a brace too many", "    }\n  }\n}", "    }\n  }\n}\n}"),
        bvh("another hierarchy than the first file's", BVH)
            .with("xwalk.bvh", BVH.replace("neck", "spine")),
        bvh("a layout with a joint that is not there", BVH).layout(own()),
        Case::new(Format::Bvh, "files of another extension", "walk.txt", BVH),
    ]
}
