// Element-wise operations that are more than one ONNX operator.

namespace Ditar.Parity.Export;

internal static class ElementwiseTemplates
{
    // sqrt(2 / pi), of GELU's tanh form.
    private const float Slope = 0.797884583f;
    private const float Cubic = 0.044715f;

    /// <summary>x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    public static void Gelu(TemplateContext c)
    {
        var x = c.Input(0);
        var cube = c.Add("Mul", [c.Add("Mul", [x, x]), x]);
        var inner = c.Add("Add", [x, c.Add("Mul", [cube, c.Graph.Constant(Cubic)])]);
        var tanh = c.Add("Tanh", [c.Add("Mul", [inner, c.Graph.Constant(Slope)])]);
        c.Result("Mul", [c.Add("Mul", [x, c.Graph.Constant(0.5f)]), c.Add("Add", [tanh, c.Graph.Constant(1f)])]);
    }

    /// <summary>An infinite limit is none.</summary>
    public static void Clamp(TemplateContext c)
    {
        string Limit(double value) => double.IsInfinity(value) ? "" : c.Graph.Constant((float)value);
        var (lowest, highest) = (Limit(c.Operation.Numbers[0]), Limit(c.Operation.Numbers[1]));
        c.Result("Clip", highest.Length == 0 ? [c.Input(0), lowest] : [c.Input(0), lowest, highest]);
    }

    /// <summary>x + sin^2(alpha x) / alpha.</summary>
    public static void Snake(TemplateContext c)
    {
        var (x, alpha) = (c.Input(0), c.Input(1));
        var sine = c.Add("Sin", [c.Add("Mul", [x, alpha])]);
        c.Result("Add", [x, c.Add("Div", [c.Add("Mul", [sine, sine]), alpha])]);
    }
}
