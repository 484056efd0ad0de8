// The two architectures of the VoxCPM checkpoints: "voxcpm" (0.5B and 1.5) and "voxcpm2".

namespace Ditar.Reference.VoxCpm;

public enum VoxCpmVersion
{
    One = 1,
    Two = 2,
}
